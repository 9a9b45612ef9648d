import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.WString;
import com.sun.jna.ptr.PointerByReference;
import com.sun.jna.win32.StdCallLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Prints who is signed in to e-RS on this computer and on which platform, and calls e-RS with their session.
 *
 * <pre>
 * java -cp jna.jar ErsSession.java                                  says who is signed in
 * java -cp jna.jar ErsSession.java PATH [CERTIFICATE KEY [CA]]      and GETs PATH. HSCN takes the organisation's endpoint certificate
 *                                                                   (PEM files; the key in PKCS #8), FHIR does not use it
 * </pre>
 *
 * Java 17 and JNA 5 (Debian: libjna-java). On Linux it asks secret-tool (Debian: libsecret-tools); a Secret Service library that
 * searches for the attributes service and username does as well. The exit status is 0 if a user is signed in, 1 if not, 2 for
 * wrong arguments, 3 if the keyring cannot be read and 4 if e-RS has refused the call or cannot be reached.
 *
 * The tests run it on Linux; on Windows it has not been run.
 */
public final class ErsSession {
    private static final String FHIR_START = "{\"version\":1,\"platform\":\"fhir\",";
    private static final int SIGNED_IN = 0, SIGNED_OUT = 1, USAGE = 2, KEYRING = 3, CALL = 4;

    public static void main(String[] args) throws InterruptedException {
        System.exit(run(args));
    }

    private static int run(String[] args) throws InterruptedException {
        if (args.length == 2 || args.length > 4) {
            return usage();
        }
        Optional<String> session;
        try {
            session = readSession();
        } catch (IOException | RuntimeException | LinkageError failed) { // the last without JNA
            System.err.println("The keyring cannot be read: " + failed.getMessage());
            return KEYRING;
        }
        if (session.isEmpty()) {
            System.out.println("No user is signed in to e-RS.");
            return SIGNED_OUT;
        }
        String found = session.get();
        System.out.printf("%s (%s) is signed in to e-RS (%s) as %s at %s (%s), until %s%n", member(found, "userName"),
            member(found, "userIdentifier"), isFHIR(found) ? "FHIR" : "HSCN", member(found, "businessFunction"),
            member(found, "orgName"), member(found, "orgIdentifier"), member(found, "expiresAt"));
        if (args.length == 0) {
            return SIGNED_IN;
        }
        if (args.length == 1 && !isFHIR(found)) {
            return usage();
        }
        try {
            int status = callRenewed(found, args);
            System.out.println("e-RS answered " + status);
            return status >= 200 && status < 300 ? SIGNED_IN : CALL;
        } catch (IOException | GeneralSecurityException failed) {
            System.err.println("e-RS cannot be reached: " + failed);
            return CALL;
        } catch (IllegalArgumentException malformed) {
            // Its text may quote the session key.
            System.err.println("e-RS cannot be called: the entry, or the path, is malformed");
            return CALL;
        }
    }

    private static int usage() {
        System.err.println("usage: ErsSession [PATH [CERTIFICATE KEY [CA]]] (on HSCN, a call takes the certificate)");
        return USAGE;
    }

    /** Returns the session of either platform, if a user is signed in. */
    private static Optional<String> readSession() throws IOException, InterruptedException {
        Optional<String> found = readEntry("fhir-session").filter(session -> !expired(session, "tokenExpiresAt"));
        return found.isPresent() ? found : readEntry("session").filter(session -> !expired(session, "expiresAt"));
    }

    private static Optional<String> readEntry(String account) throws IOException, InterruptedException {
        Optional<String> entry = Platform.isWindows() ? readCredential("ers-login:" + account) : readSecretService(account);
        String start = account.equals("session") ? "{\"version\":1," : FHIR_START;
        if (entry.isPresent() && !entry.get().startsWith(start)) {
            throw new IOException("the entry is not one of version 1");
        }
        return entry;
    }

    private static boolean isFHIR(String session) {
        return session.startsWith(FHIR_START);
    }

    /** Reports whether a session is over, or has no end. */
    private static boolean expired(String session, String end) {
        try {
            return !Instant.now().isBefore(Instant.parse(member(session, end)));
        } catch (DateTimeParseException notATime) {
            return true;
        }
    }

    /** Calls e-RS, and once more if it refuses a token that was renewed in this moment. */
    private static int callRenewed(String session, String[] args) throws IOException, InterruptedException, GeneralSecurityException {
        int status = call(session, args);
        if (status != 401 || !isFHIR(session)) {
            return status;
        }
        Optional<String> again = readSession().filter(ErsSession::isFHIR).filter(found -> !revision(found).equals(revision(session)));
        return again.isPresent() ? call(again.get(), args) : status;
    }

    /** Returns generation and revision. */
    private static String revision(String session) {
        Matcher found = Pattern.compile("[{,]\"generation\":(\\d+),\"revision\":(\\d+)").matcher(session);
        return found.find() ? found.group(1) + "." + found.group(2) : "";
    }

    /** GETs a path of e-RS. HTTP/1.1, since HTTP/2 writes header names in lower case. */
    private static int call(String session, String[] args) throws IOException, InterruptedException, GeneralSecurityException {
        URI address = URI.create(member(session, "baseURL") + args[0]);
        if (!"https".equals(address.getScheme())) {
            throw new IOException("the platform's address is not one of HTTPS");
        }
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(tls(session, args))
            .connectTimeout(Duration.ofSeconds(30)).build();
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(30));
        if (isFHIR(session)) {
            request.header("Authorization", "Bearer " + member(session, "accessToken"))
                .header("NHSD-End-User-Organisation-ODS", member(session, "orgIdentifier"))
                .header("NHSD-eRS-Business-Function", member(session, "businessFunction"))
                .header("X-Correlation-ID", UUID.randomUUID().toString())
                .header("Accept", "application/fhir+json");
            if (!member(session, "onBehalfOf").isEmpty()) { // e-RS refuses the header unless the user acts for a clinician
                request.header("NHSD-eRS-On-Behalf-Of-User-ID", member(session, "onBehalfOf"));
            }
        } else {
            request.header("XAPI_ASID", member(session, "asid")).header("HTTP_X_SESSION_KEY", member(session, "sessionKey"));
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    /** Returns how to connect: with the endpoint certificate on HSCN, and with Java's own authorities unless there is a CA. */
    private static SSLContext tls(String session, String[] args) throws IOException, GeneralSecurityException {
        KeyStore authorities = null;
        if (args.length == 4) {
            authorities = KeyStore.getInstance("PKCS12");
            authorities.load(null, null);
            for (Certificate authority : certificates(args[3])) {
                authorities.setCertificateEntry("authority" + authorities.size(), authority);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(isFHIR(session) ? null : endpoint(args), trust.getTrustManagers(), null);
        return context;
    }

    private static KeyManager[] endpoint(String[] args) throws IOException, GeneralSecurityException {
        Certificate[] chain = certificates(args[1]);
        byte[] key = Base64.getMimeDecoder().decode(Files.readString(Path.of(args[2])).replaceAll("-----[A-Z ]+-----", ""));
        KeyStore pair = KeyStore.getInstance("PKCS12");
        pair.load(null, null);
        pair.setKeyEntry("endpoint",
            KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(key)),
            new char[0], chain);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(pair, new char[0]);
        return keys.getKeyManagers();
    }

    private static Certificate[] certificates(String file) throws IOException, GeneralSecurityException {
        return CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(file)))).toArray(Certificate[]::new);
    }

    /** Returns an entry of Linux's Secret Service, if there is one. */
    private static Optional<String> readSecretService(String account) throws IOException, InterruptedException {
        Process process = secretTool("lookup", account);
        String entry = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() == 0) {
            return Optional.of(entry);
        }
        // It ends with 1 whatever is wrong, and is silent if there is no entry. What it says of trouble begins with its name; GLib's
        // warnings, which are on stderr as well, mean nothing.
        Optional<String> trouble = said.lines().filter(line -> line.startsWith("secret-tool: ")).findFirst();
        if (trouble.isPresent()) {
            throw new IOException(trouble.get());
        }
        // It is silent, too, if there is an entry that is locked or no text. A search, which never asks the user anything, finds that.
        Process search = secretTool("search", account);
        boolean exists = search.getInputStream().readAllBytes().length > 0;
        search.waitFor();
        if (exists) {
            throw new IOException("there is an entry, and it is locked or no text");
        }
        return Optional.empty();
    }

    /** Its stderr is short, and read only by the caller of lookup. */
    private static Process secretTool(String verb, String account) throws IOException {
        return new ProcessBuilder("secret-tool", verb, "service", "ers-login", "username", account).start();
    }

    /** The part of advapi32 that is needed. */
    private interface Credentials extends StdCallLibrary {
        int ERROR_NOT_FOUND = 1168, GENERIC = 1;

        boolean CredReadW(WString target, int type, int flags, PointerByReference credential);

        void CredFree(Pointer credential);
    }

    /** Returns an entry of Windows' Credential Manager, if there is one: UTF-8, without a NUL at its end. */
    private static Optional<String> readCredential(String target) throws IOException {
        Credentials credentials = Native.load("advapi32", Credentials.class);
        PointerByReference found = new PointerByReference();
        if (!credentials.CredReadW(new WString(target), Credentials.GENERIC, 0, found)) {
            int error = Native.getLastError();
            if (error == Credentials.ERROR_NOT_FOUND) {
                return Optional.empty();
            }
            throw new IOException("CredReadW: error " + error);
        }
        // CREDENTIALW: two 32-bit numbers, two pointers and a 64-bit time come before the size and the blob.
        Pointer credential = found.getValue();
        int size = credential.getInt(16 + 2L * Native.POINTER_SIZE);
        Pointer blob = credential.getPointer(16 + 2L * Native.POINTER_SIZE + Math.max(4, Native.POINTER_SIZE));
        String entry = new String(blob.getByteArray(0, size), StandardCharsets.UTF_8);
        credentials.CredFree(credential);
        return Optional.of(entry);
    }

    /** Returns a text member. Java has no JSON of its own; within version 1 the entry is flat, so that this is enough. */
    private static String member(String entry, String name) {
        Matcher found = Pattern.compile("[{,]\"" + name + "\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(entry);
        if (!found.find()) {
            return "";
        }
        return Pattern.compile("\\\\(?:u([0-9a-f]{4})|(.))").matcher(found.group(1)).replaceAll(escape -> Matcher.quoteReplacement(
            escape.group(1) != null ? String.valueOf((char) Integer.parseInt(escape.group(1), 16)) : switch (escape.group(2)) {
                case "n", "r", "t", "b", "f" -> " ";
                default -> escape.group(2);
            }));
    }
}
