<#
Prints who is signed in to e-RS on this computer, and calls e-RS with their session.

  .\ers-session.ps1                    says who is signed in
  .\ers-session.ps1 PATH SUBJECT       and GETs PATH, with the endpoint certificate of that subject in the user's certificate store

Windows PowerShell 5.1 or later, without modules. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if
the Credential Manager cannot be read and 4 if e-RS has refused the call or cannot be reached.

The tests cannot run it: it has not been run.
#>
param([string] $Path, [string] $Subject)
$ErrorActionPreference = 'Stop'
if ([bool] $Path -ne [bool] $Subject) {
    [Console]::Error.WriteLine('usage: ers-session.ps1 [PATH SUBJECT]')
    exit 2
}

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

$found = [IntPtr]::Zero
$number = [ErsSession.Native]::Read('ers-login:session', [ref] $found)
if ($number -ne 0) {
    if ($number -eq 1168) {
        'Nobody is signed in to e-RS.'
        exit 1
    }
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
if ($null -eq $session -or $session.version -ne 1) {
    [Console]::Error.WriteLine('The entry is not one of version 1.')
    exit 3
}
# Times are UTC and of one width, so that they compare as texts. ConvertFrom-Json would make dates of them, each version in its own
# way, so the end is taken from the text. A session that does not say when it is over, is.
$end = [regex]::Match($text, '"expiresAt":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"').Groups[1].Value
if ([string]::CompareOrdinal([DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture), $end) -ge 0) {
    'Nobody is signed in to e-RS.'
    exit 1
}
"$($session.userName) ($($session.userIdentifier)) is signed in to e-RS as $($session.businessFunction) " +
    "at $($session.orgName) ($($session.orgIdentifier)), until $end"
if (-not $Path) { exit 0 }

if (-not $session.baseURL.StartsWith('https://')) {
    [Console]::Error.WriteLine("The platform's address is not one of HTTPS.")
    exit 4
}
$certificate = Get-ChildItem Cert:\CurrentUser\My | Where-Object { $_.HasPrivateKey -and $_.Subject -like "*$Subject*" } | Select-Object -First 1
if (-not $certificate) {
    [Console]::Error.WriteLine('There is no certificate of that subject in your store.')
    exit 4
}
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
$headers = @{ 'XAPI_ASID' = $session.asid; 'HTTP_X_SESSION_KEY' = $session.sessionKey }
try {
    # Without redirects: the session key would go along to wherever one leads.
    $answer = Invoke-WebRequest -UseBasicParsing -TimeoutSec 30 -MaximumRedirection 0 -Uri ($session.baseURL + $Path) -Headers $headers -Certificate $certificate
    "e-RS answered $($answer.StatusCode)"
} catch {
    [Console]::Error.WriteLine("e-RS has refused, or cannot be reached: $($_.Exception.Message)")
    exit 4
}
exit 0
