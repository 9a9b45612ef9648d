/*
 * Prints who is signed in to e-RS on this computer and on which platform, and calls e-RS with their session.
 *
 *   ers-session                                  says who is signed in
 *   ers-session PATH [CERTIFICATE KEY [CA]]      and GETs PATH. HSCN takes the organisation's endpoint certificate (PEM files),
 *                                                FHIR does not use it
 *
 * Linux. Debian: libsecret-1-dev libjson-glib-dev libcurl4-openssl-dev (curl 7.85 or later), and
 *
 *   cc -o ers-session ers-session.c $(pkg-config --cflags --libs libsecret-1 json-glib-1.0 libcurl)
 *
 * The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if the keyring cannot be read and 4 if e-RS has
 * refused the call or cannot be reached. The tests run it.
 */
#include <curl/curl.h>
#include <json-glib/json-glib.h>
#include <libsecret/secret.h>
#include <locale.h>

enum { SIGNED_IN, SIGNED_OUT, USAGE, KEYRING, CALL };

/* The entries have no schema of libsecret's: without DONT_MATCH_NAME nothing is found. */
static const SecretSchema schema = {
    "org.freedesktop.Secret.Generic",
    SECRET_SCHEMA_DONT_MATCH_NAME,
    {{"service", SECRET_SCHEMA_ATTRIBUTE_STRING}, {"username", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
    0, 0, 0, 0, 0, 0, 0, 0,
};

/* A platform of e-RS, and its entry. */
typedef struct {
    const char *name, *account, *end;
    gboolean fhir;
} Platform;

static const Platform fhir = {"FHIR", "fhir-session", "tokenExpiresAt", TRUE}, hscn = {"HSCN", "session", "expiresAt", FALSE};

static const char *member(JsonObject *session, const char *name)
{
    return json_object_get_string_member_with_default(session, name, "");
}

static gboolean expired(JsonObject *session, const char *name)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) end = g_date_time_new_from_iso8601(member(session, name), NULL);
    return end == NULL || g_date_time_compare(now, end) >= 0;
}

static size_t drop(char *data, size_t size, size_t count, void *user)
{
    (void)data, (void)user;
    return size * count;
}

static struct curl_slist *append(struct curl_slist *headers, const char *name, const char *value)
{
    g_autofree char *header = g_strconcat(name, ": ", value, NULL);
    return curl_slist_append(headers, header);
}

static struct curl_slist *headers_of(JsonObject *session, const Platform *platform)
{
    g_autofree char *bearer = g_strconcat("Bearer ", member(session, "accessToken"), NULL), *id = g_uuid_string_random();
    struct curl_slist *headers = NULL;

    if (!platform->fhir) {
        headers = append(headers, "XAPI_ASID", member(session, "asid"));
        return append(headers, "HTTP_X_SESSION_KEY", member(session, "sessionKey"));
    }
    headers = append(headers, "Authorization", bearer);
    headers = append(headers, "NHSD-End-User-Organisation-ODS", member(session, "orgIdentifier"));
    headers = append(headers, "NHSD-eRS-Business-Function", member(session, "businessFunction"));
    if (*member(session, "onBehalfOf") != 0) /* e-RS refuses the header unless the user acts for a clinician */
        headers = append(headers, "NHSD-eRS-On-Behalf-Of-User-ID", member(session, "onBehalfOf"));
    headers = append(headers, "X-Correlation-ID", id);
    return append(headers, "Accept", "application/fhir+json");
}

/* GETs a path of e-RS, and returns the status; 0 if e-RS cannot be reached. */
static long call(JsonObject *session, const Platform *platform, int argc, char **argv)
{
    g_autofree char *url = g_strconcat(member(session, "baseURL"), argv[1], NULL);
    struct curl_slist *headers = headers_of(session, platform);
    long status = 0;
    CURL *curl = curl_easy_init();
    CURLcode result;

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (!platform->fhir) {
        curl_easy_setopt(curl, CURLOPT_SSLCERT, argv[2]);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, argv[3]);
    }
    if (argc == 5)
        curl_easy_setopt(curl, CURLOPT_CAINFO, argv[4]);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (result == CURLE_OK)
        return status;
    g_printerr("e-RS cannot be reached: %s\n", curl_easy_strerror(result));
    return 0;
}

/* Reports whether there is an entry. A lookup returns NULL, too, for one that is locked or that libsecret takes for no password. */
static gboolean exists(const char *account, GError **error)
{
    g_autoptr(GHashTable) attributes = secret_attributes_build(&schema, "service", "ers-login", "username", account, NULL);
    GList *items = secret_service_search_sync(NULL, &schema, attributes, SECRET_SEARCH_NONE, NULL, error);
    gboolean found = items != NULL;

    g_list_free_full(items, g_object_unref);
    return found;
}

/* Reads a platform's entry into the parser. Returns SIGNED_IN, SIGNED_OUT or KEYRING. */
static int read_entry(JsonParser *parser, const Platform *platform)
{
    g_autoptr(GError) error = NULL;
    gchar *text = secret_password_lookup_sync(&schema, NULL, &error, "service", "ers-login", "username", platform->account, NULL);
    JsonObject *session;
    gboolean read;

    if (error == NULL && text == NULL && exists(platform->account, &error)) {
        g_printerr("The keyring cannot be read: there is an entry, and it is locked or no text.\n");
        return KEYRING;
    }
    if (error != NULL) {
        g_printerr("The keyring cannot be read: %s\n", error->message);
        return KEYRING;
    }
    if (text == NULL)
        return SIGNED_OUT;
    read = json_parser_load_from_data(parser, text, -1, NULL) && JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser));
    secret_password_free(text); /* which wipes it */
    if (!read) {
        g_printerr("The entry is malformed.\n"); /* the parser's own words may quote it */
        return KEYRING;
    }
    session = json_node_get_object(json_parser_get_root(parser));
    if (json_object_get_int_member_with_default(session, "version", 0) != 1 ||
        strcmp(json_object_get_string_member_with_default(session, "platform", "hscn"), platform->fhir ? "fhir" : "hscn") != 0) {
        g_printerr("The entry is not one of version 1.\n");
        return KEYRING;
    }
    return expired(session, platform->end) ? SIGNED_OUT : SIGNED_IN;
}

/* Reads whichever entry there is, and sets *platform. */
static int read_session(JsonParser *parser, const Platform **platform)
{
    int found;

    *platform = &fhir;
    found = read_entry(parser, *platform);
    if (found != SIGNED_OUT)
        return found;
    *platform = &hscn;
    return read_entry(parser, *platform);
}

int main(int argc, char **argv)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    const Platform *platform;
    JsonObject *session;
    gint64 generation, revision;
    long status;
    int found;

    setlocale(LC_ALL, ""); /* or names are shown in ASCII */
    found = argc == 1 || argc == 2 || argc == 4 || argc == 5 ? read_session(parser, &platform) : USAGE;
    if (found == SIGNED_OUT)
        g_print("No user is signed in to e-RS.\n");
    if (found == SIGNED_IN) {
        session = json_node_get_object(json_parser_get_root(parser));
        g_print("%s (%s) is signed in to e-RS (%s) as %s at %s (%s), until %s\n", member(session, "userName"),
                member(session, "userIdentifier"), platform->name, member(session, "businessFunction"), member(session, "orgName"),
                member(session, "orgIdentifier"), member(session, "expiresAt"));
        if (argc == 2 && !platform->fhir)
            found = USAGE;
    }
    if (found == USAGE)
        g_printerr("usage: %s [PATH [CERTIFICATE KEY [CA]]] (on HSCN, a call takes the certificate)\n", argv[0]);
    if (found != SIGNED_IN || argc == 1)
        return found;
    status = call(session, platform, argc, argv);
    if (status == 401 && platform->fhir) {
        /* The token may have been renewed in this moment: once more with the new one, if there is one. */
        generation = json_object_get_int_member(session, "generation");
        revision = json_object_get_int_member(session, "revision");
        if (read_session(parser, &platform) == SIGNED_IN && platform->fhir) {
            session = json_node_get_object(json_parser_get_root(parser));
            if (json_object_get_int_member(session, "generation") != generation ||
                json_object_get_int_member(session, "revision") != revision)
                status = call(session, platform, argc, argv);
        }
    }
    if (status == 0)
        return CALL;
    g_print("e-RS answered %ld\n", status);
    return status >= 200 && status < 300 ? SIGNED_IN : CALL;
}
