/*
 * Prints who is signed in to e-RS on this computer, and calls e-RS with their session.
 *
 *   ers-session                                says who is signed in
 *   ers-session PATH CERTIFICATE KEY [CA]      and GETs PATH, with the organisation's endpoint certificate (PEM files)
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

static const char *member(JsonObject *session, const char *name)
{
    return json_object_get_string_member_with_default(session, name, "");
}

static gboolean expired(JsonObject *session)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) end = g_date_time_new_from_iso8601(member(session, "expiresAt"), NULL);
    return end == NULL || g_date_time_compare(now, end) >= 0;
}

static size_t drop(char *data, size_t size, size_t count, void *user)
{
    (void)data, (void)user;
    return size * count;
}

static int call(JsonObject *session, char **arguments)
{
    g_autofree char *url = g_strconcat(member(session, "baseURL"), arguments[1], NULL);
    g_autofree char *asid = g_strconcat("XAPI_ASID: ", member(session, "asid"), NULL);
    g_autofree char *key = g_strconcat("HTTP_X_SESSION_KEY: ", member(session, "sessionKey"), NULL);
    struct curl_slist *headers = curl_slist_append(curl_slist_append(NULL, asid), key);
    long status = 0;
    CURL *curl = curl_easy_init();
    CURLcode result;

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, arguments[2]);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, arguments[3]);
    if (arguments[4] != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, arguments[4]);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (result != CURLE_OK) {
        g_printerr("e-RS cannot be reached: %s\n", curl_easy_strerror(result));
        return CALL;
    }
    g_print("e-RS answered %ld\n", status);
    return status >= 200 && status < 300 ? SIGNED_IN : CALL;
}

/* Reports whether there is an entry. A lookup returns NULL, too, for one that is locked or that libsecret takes for no password. */
static gboolean exists(GError **error)
{
    g_autoptr(GHashTable) attributes = secret_attributes_build(&schema, "service", "ers-login", "username", "session", NULL);
    GList *items = secret_service_search_sync(NULL, &schema, attributes, SECRET_SEARCH_NONE, NULL, error);
    gboolean found = items != NULL;

    g_list_free_full(items, g_object_unref);
    return found;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *session;
    gchar *text;
    gboolean read;

    setlocale(LC_ALL, ""); /* or names are shown in ASCII */
    if (argc != 1 && argc != 4 && argc != 5) {
        g_printerr("usage: %s [PATH CERTIFICATE KEY [CA]]\n", argv[0]);
        return USAGE;
    }
    text = secret_password_lookup_sync(&schema, NULL, &error, "service", "ers-login", "username", "session", NULL);
    if (error != NULL) {
        g_printerr("The keyring cannot be read: %s\n", error->message);
        return KEYRING;
    }
    if (text == NULL && exists(&error)) {
        g_printerr("The keyring cannot be read: there is an entry, and it is locked or no text.\n");
        return KEYRING;
    }
    if (error != NULL) {
        g_printerr("The keyring cannot be read: %s\n", error->message);
        return KEYRING;
    }
    if (text == NULL) {
        g_print("Nobody is signed in to e-RS.\n");
        return SIGNED_OUT;
    }
    read = json_parser_load_from_data(parser, text, -1, NULL) && JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser));
    secret_password_free(text); /* which wipes it */
    if (!read) {
        g_printerr("The entry is malformed.\n"); /* the parser's own words may quote it */
        return KEYRING;
    }
    session = json_node_get_object(json_parser_get_root(parser));
    if (json_object_get_int_member_with_default(session, "version", 0) != 1) {
        g_printerr("The entry is not one of version 1.\n");
        return KEYRING;
    }
    if (expired(session)) {
        g_print("Nobody is signed in to e-RS.\n");
        return SIGNED_OUT;
    }
    g_print("%s (%s) is signed in to e-RS as %s at %s (%s), until %s\n", member(session, "userName"), member(session, "userIdentifier"),
            member(session, "businessFunction"), member(session, "orgName"), member(session, "orgIdentifier"),
            member(session, "expiresAt"));
    return argc == 1 ? SIGNED_IN : call(session, argv);
}
