<#
Prints who is signed in to e-RS on this computer and on which platform, and calls e-RS with their session.

  .\ers-session.ps1                      says who is signed in
  .\ers-session.ps1 PATH [SUBJECT]       and GETs PATH. HSCN takes the endpoint certificate of that subject in the user's certificate
                                         store, FHIR does not use it

Windows PowerShell 5.1 or later, without modules. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if
the Credential Manager cannot be read and 4 if e-RS has refused the call or cannot be reached.

The tests cannot run it: it has not been run.
#>
param([string] $Path, [string] $Subject)
$ErrorActionPreference = 'Stop'
function Stop-Usage {
    [Console]::Error.WriteLine('usage: ers-session.ps1 [PATH [SUBJECT]] (on HSCN, a call takes the subject)')
    exit 2
}
if ($Subject -and -not $Path) { Stop-Usage }

Add-Type -Namespace ErsSession -Name Native -MemberDefinition @'
[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
public struct Credential {
    public uint Flags, Type;
    public string TargetName, Comment;
    public uint LastWrittenLow, LastWrittenHigh, BlobSize;
    public IntPtr Blob;
    public uint Persist, AttributeCount;
    public IntPtr Attributes;
    public string TargetAlias, UserName;
}
[DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
private static extern bool CredReadW(string target, uint type, uint flags, out IntPtr credential);
// The error has to be asked for at once: between two lines of a script PowerShell makes calls of its own, which may have others.
public static int Read(string target, out IntPtr credential) {
    return CredReadW(target, 1, 0, out credential) ? 0 : Marshal.GetLastWin32Error();
}
[DllImport("advapi32.dll")]
public static extern void CredFree(IntPtr credential);
'@

# Returns the session in an entry, or nothing if there is none that can be used.
function Read-Entry([string] $Account, [string] $Start, [string] $Ends) {
    $found = [IntPtr]::Zero
    $number = [ErsSession.Native]::Read("ers-login:$Account", [ref] $found)
    if ($number -eq 1168) { return }
    if ($number -ne 0) {
        [Console]::Error.WriteLine("The Credential Manager cannot be read: error $number")
        exit 3
    }
    $credential = [Runtime.InteropServices.Marshal]::PtrToStructure($found, [Type] [ErsSession.Native+Credential])
    $bytes = New-Object byte[] $credential.BlobSize
    [Runtime.InteropServices.Marshal]::Copy($credential.Blob, $bytes, 0, $bytes.Length)
    [ErsSession.Native]::CredFree($found)
    # The bytes are UTF-8, not the UTF-16 that most of .NET expects here.
    try {
        $text = [Text.Encoding]::UTF8.GetString($bytes)
        $session = $text | ConvertFrom-Json
    } catch {
        $session = $null
    }
    if ($null -eq $session -or -not $text.StartsWith($Start, [StringComparison]::Ordinal)) {
        [Console]::Error.WriteLine('The entry is not one of version 1.')
        exit 3
    }
    # Times are UTC and of one width, so that they compare as texts. ConvertFrom-Json would make dates of them, each version in its own
    # way, so the end is taken from the text. A session that does not say when it is over, is.
    $end = [regex]::Match($text, "`"$Ends`":`"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)`"").Groups[1].Value
    $now = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture)
    if ([string]::CompareOrdinal($now, $end) -ge 0) { return }
    $until = [regex]::Match($text, '"expiresAt":"([^"\\]*)"').Groups[1].Value
    $session | Add-Member -NotePropertyName until -NotePropertyValue $until
    $session
}

# Returns the session of either platform, or nothing if no user is signed in. Its platform is 'fhir', or nothing for HSCN.
function Read-Session {
    $session = Read-Entry 'fhir-session' '{"version":1,"platform":"fhir",' 'tokenExpiresAt'
    if ($null -eq $session) { $session = Read-Entry 'session' '{"version":1,' 'expiresAt' }
    $session
}

# GETs a path of e-RS, and returns the status.
function Invoke-Ers($Session) {
    # Without redirects: the session key or token would go along to wherever one leads.
    $call = @{ UseBasicParsing = $true; TimeoutSec = 30; MaximumRedirection = 0; Uri = $Session.baseURL + $Path }
    if ($Session.platform -eq 'fhir') {
        $call.Headers = @{
            'Authorization' = "Bearer $($Session.accessToken)"; 'NHSD-End-User-Organisation-ODS' = $Session.orgIdentifier
            'NHSD-eRS-Business-Function' = $Session.businessFunction; 'X-Correlation-ID' = [guid]::NewGuid().ToString()
            'Accept' = 'application/fhir+json'
        }
        # e-RS refuses the header unless the user acts for a clinician.
        if ($Session.onBehalfOf) { $call.Headers['NHSD-eRS-On-Behalf-Of-User-ID'] = $Session.onBehalfOf }
    } else {
        $call.Headers = @{ 'XAPI_ASID' = $Session.asid; 'HTTP_X_SESSION_KEY' = $Session.sessionKey }
        $call.Certificate = $certificate
    }
    try {
        [int] (Invoke-WebRequest @call).StatusCode
    } catch {
        if ($null -eq $_.Exception.Response) {
            [Console]::Error.WriteLine("e-RS cannot be reached: $($_.Exception.Message)")
            exit 4
        }
        [int] $_.Exception.Response.StatusCode
    }
}

$session = Read-Session
if ($null -eq $session) {
    'No user is signed in to e-RS.'
    exit 1
}
$platform = if ($session.platform -eq 'fhir') { 'FHIR' } else { 'HSCN' }
"$($session.userName) ($($session.userIdentifier)) is signed in to e-RS ($platform) as $($session.businessFunction) " +
    "at $($session.orgName) ($($session.orgIdentifier)), until $($session.until)"
if (-not $Path) { exit 0 }

if (-not $session.baseURL.StartsWith('https://')) {
    [Console]::Error.WriteLine("The platform's address is not one of HTTPS.")
    exit 4
}
if ($platform -eq 'HSCN') {
    if (-not $Subject) { Stop-Usage }
    $certificate = Get-ChildItem Cert:\CurrentUser\My | Where-Object { $_.HasPrivateKey -and $_.Subject -like "*$Subject*" } | Select-Object -First 1
    if (-not $certificate) {
        [Console]::Error.WriteLine('There is no certificate of that subject in your store.')
        exit 4
    }
}
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
$status = Invoke-Ers $session
if ($status -eq 401 -and $platform -eq 'FHIR') {
    # The token may have been renewed in this moment: once more with the new one, if there is one.
    $again = Read-Session
    if ($null -ne $again -and $again.platform -eq 'fhir' -and
        ($again.generation -ne $session.generation -or $again.revision -ne $session.revision)) {
        $status = Invoke-Ers $again
    }
}
"e-RS answered $status"
if ($status -lt 200 -or $status -ge 300) { exit 4 }
exit 0
