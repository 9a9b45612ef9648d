// Prints who is signed in to e-RS on this computer and on which platform, and calls e-RS with their session.
//
//   ErsSession                      says who is signed in
//   ErsSession PATH [SUBJECT]       and GETs PATH. HSCN takes the endpoint certificate of that subject in the user's certificate store,
//                                   FHIR does not use it
//
// Windows, .NET 6 or later, without packages. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if the
// Credential Manager cannot be read and 4 if e-RS has refused the call or cannot be reached.
//
// The tests cannot run it: it has not been run.
using System;
using System.ComponentModel;
using System.Globalization;
using System.Net.Http;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Tasks;

internal static class ErsSession
{
    private const int SignedIn = 0, SignedOut = 1, Usage = 2, Keyring = 3, CallFailed = 4;

    /// <summary>A session of either platform: SessionKey and Asid are HSCN's; Platform, Revision, AccessToken and TokenExpiresAt are
    /// FHIR's.</summary>
    private sealed record Session(
        int Version, string? Platform, long Generation, long Revision, string? SessionKey, string? AccessToken, string BaseURL, string? Asid,
        string UserIdentifier, string UserName, string OrgIdentifier, string OrgName, string BusinessFunction, string? OnBehalfOf,
        string? TokenExpiresAt, string ExpiresAt)
    {
        public bool IsFHIR => Platform == "fhir";

        /// <summary>Whether the session is over. One that does not say when, is.</summary>
        public bool Expired => !DateTimeOffset.TryParseExact(IsFHIR ? TokenExpiresAt : ExpiresAt, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out DateTimeOffset end) || DateTimeOffset.UtcNow >= end;

        /// <summary>Not the members, as a record's usually is: one of them is the session key or token.</summary>
        public override string ToString() => $"the session of {UserIdentifier}";
    }

    private static async Task<int> Main(string[] args)
    {
        if (args.Length > 2)
        {
            return ShowUsage();
        }
        Session? session;
        try
        {
            session = Read();
        }
        catch (Exception failed) when (failed is Win32Exception or JsonException or InvalidOperationException)
        {
            // The text of a JsonException may quote the entry.
            Console.Error.WriteLine("The Credential Manager cannot be read: " +
                (failed is JsonException ? "the entry is malformed" : failed.Message));
            return Keyring;
        }
        if (session is null)
        {
            Console.WriteLine("No user is signed in to e-RS.");
            return SignedOut;
        }
        Console.WriteLine($"{session.UserName} ({session.UserIdentifier}) is signed in to e-RS ({(session.IsFHIR ? "FHIR" : "HSCN")}) as {session.BusinessFunction} " +
            $"at {session.OrgName} ({session.OrgIdentifier}), until {session.ExpiresAt}");
        if (args.Length == 0)
        {
            return SignedIn;
        }
        if (args.Length == 1 && !session.IsFHIR)
        {
            return ShowUsage();
        }
        try
        {
            int status = await Call(session, args);
            if (status == 401 && session.IsFHIR && Read() is { IsFHIR: true } again &&
                (again.Generation != session.Generation || again.Revision != session.Revision))
            {
                // The token was renewed in this moment: once more with the new one.
                status = await Call(again, args);
            }
            Console.WriteLine($"e-RS answered {status}");
            return status is >= 200 and < 300 ? SignedIn : CallFailed;
        }
        catch (Exception failed) when (failed is HttpRequestException or TaskCanceledException or CryptographicException
            or InvalidOperationException or UriFormatException or Win32Exception or JsonException)
        {
            Console.Error.WriteLine("e-RS cannot be reached: " + (failed is JsonException ? "the entry is malformed" : failed.Message));
            return CallFailed;
        }
    }

    private static int ShowUsage()
    {
        Console.Error.WriteLine("usage: ErsSession [PATH [SUBJECT]] (on HSCN, a call takes the subject)");
        return Usage;
    }

    /// <summary>GETs a path of e-RS, and returns the status.</summary>
    private static async Task<int> Call(Session session, string[] args)
    {
        Uri address = new(session.BaseURL + args[0]);
        if (address.Scheme != Uri.UriSchemeHttps)
        {
            throw new InvalidOperationException("the platform's address is not one of HTTPS");
        }
        // Without redirects: the session key or token would go along to wherever one leads.
        using HttpClientHandler handler = new()
        {
            ClientCertificateOptions = ClientCertificateOption.Manual, AllowAutoRedirect = false,
        };
        if (!session.IsFHIR)
        {
            using X509Store store = new(StoreName.My, StoreLocation.CurrentUser, OpenFlags.ReadOnly);
            X509Certificate2Collection found = store.Certificates.Find(X509FindType.FindBySubjectName, args[1], validOnly: false);
            if (found.Count == 0)
            {
                throw new InvalidOperationException("there is no certificate of that subject in your store");
            }
            handler.ClientCertificates.Add(found[0]);
        }
        using HttpClient client = new(handler) { Timeout = TimeSpan.FromSeconds(30) };
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        if (session.IsFHIR)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + session.AccessToken);
            request.Headers.TryAddWithoutValidation("NHSD-End-User-Organisation-ODS", session.OrgIdentifier);
            request.Headers.TryAddWithoutValidation("NHSD-eRS-Business-Function", session.BusinessFunction);
            if (!string.IsNullOrEmpty(session.OnBehalfOf)) // e-RS refuses the header unless the user acts for a clinician
            {
                request.Headers.TryAddWithoutValidation("NHSD-eRS-On-Behalf-Of-User-ID", session.OnBehalfOf);
            }
            request.Headers.TryAddWithoutValidation("X-Correlation-ID", Guid.NewGuid().ToString());
            request.Headers.TryAddWithoutValidation("Accept", "application/fhir+json");
        }
        else
        {
            request.Headers.TryAddWithoutValidation("XAPI_ASID", session.Asid);
            request.Headers.TryAddWithoutValidation("HTTP_X_SESSION_KEY", session.SessionKey);
        }
        using HttpResponseMessage response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    /// <summary>Returns the session of either platform, or null if no user is signed in.</summary>
    private static Session? Read() => ReadEntry("fhir-session", "fhir") ?? ReadEntry("session", null);

    /// <summary>Returns the session in an entry, or null if there is none that can be used.</summary>
    private static Session? ReadEntry(string account, string? platform)
    {
        const int generic = 1, notFound = 1168;
        if (!CredReadW("ers-login:" + account, generic, 0, out IntPtr found))
        {
            int error = Marshal.GetLastWin32Error();
            return error == notFound ? null : throw new Win32Exception(error);
        }
        try
        {
            Credential credential = Marshal.PtrToStructure<Credential>(found);
            byte[] entry = new byte[credential.BlobSize];
            Marshal.Copy(credential.Blob, entry, 0, entry.Length);
            // The bytes are UTF-8, which is what JsonSerializer takes. Most wrappers would decode them as UTF-16. The names of members count
            // with their case, which JsonSerializerDefaults.Web would ignore: "SessionKey" is another member than "sessionKey".
            JsonSerializerOptions exact = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, PropertyNameCaseInsensitive = false };
            Session? session = JsonSerializer.Deserialize<Session>(entry, exact);
            if (session?.Version != 1 || session.Platform != platform)
            {
                throw new InvalidOperationException("the entry is not one of version 1");
            }
            return session.Expired ? null : session;
        }
        finally
        {
            CredFree(found);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Credential
    {
        public uint Flags, Type;
        public IntPtr TargetName, Comment;
        public uint LastWrittenLow, LastWrittenHigh, BlobSize;
        public IntPtr Blob;
        public uint Persist, AttributeCount;
        public IntPtr Attributes, TargetAlias, UserName;
    }

    [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    private static extern bool CredReadW(string target, int type, int flags, out IntPtr credential);

    [DllImport("advapi32.dll")]
    private static extern void CredFree(IntPtr credential);
}
