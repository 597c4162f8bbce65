#include "core/providers/sigv4.hpp"

#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/http/uri.hpp"

#include <algorithm>
#include <map>

namespace obliv::providers {
namespace {

using std::string;
using std::string_view;

constexpr string_view algorithm = "AWS4-HMAC-SHA256";

/// `20150830T123600Z`
string basic_time(WallTime now) {
    string out;
    for (char c : rfc3339(now).substr(0, 19))
        if (c != '-' && c != ':')
            out += c;
    return out + 'Z';
}

/// Encoded once more than it is sent, its slashes kept.
string canonical_path(string_view path) {
    string out;
    for (auto segment : split(path, '/')) {
        if (!out.empty() || segment.data() != path.data())
            out += '/';
        out += http::percent_encode(segment);
    }
    return out.empty() ? "/" : out;
}

string canonical_query(string_view query) {
    std::vector<std::pair<string, string>> pairs;
    for (auto piece : split(query, '&')) {
        if (piece.empty())
            continue;
        auto equals = piece.find('=');
        auto value = equals == string_view::npos ? string_view{} : piece.substr(equals + 1);
        auto plain = [](string_view text) {
            return http::percent_encode(http::percent_decode(text).value_or(string(text)));
        };
        pairs.emplace_back(plain(piece.substr(0, equals)), plain(value));
    }
    std::sort(pairs.begin(), pairs.end());
    string out;
    for (const auto& [name, value] : pairs)
        out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
    return out;
}

/// Without spaces at the ends, and single ones in between.
string canonical_value(string_view value) {
    string out;
    for (char c : trim(value))
        if (c != ' ' || out.back() != ' ')
            out += c;
    return out;
}

using Headers = std::map<string, string>;

Headers canonical_headers(const AwsRequest& request, const AwsKey& key, const string& time) {
    Headers out;
    auto add = [&out](const string& name, string_view value) {
        auto [at, is_new] = out.emplace(name, canonical_value(value));
        if (!is_new)
            at->second += "," + canonical_value(value);
    };
    for (const auto& [name, value] : request.headers)
        add(name, value);
    add("host", request.host);
    add("x-amz-date", time);
    if (!key.session_token.empty())
        add("x-amz-security-token", key.session_token.reveal());
    return out;
}

string names_of(const Headers& headers) {
    string out;
    for (const auto& [name, value] : headers)
        out.append(out.empty() ? "" : ";").append(name);
    return out;
}

string hex(const Sha256& digest) {
    return to_hex(digest);
}

string canonical_request(const AwsRequest& request, const Headers& headers) {
    string out(request.method);
    out.append("\n").append(canonical_path(request.path));
    out.append("\n").append(canonical_query(request.query)).append("\n");
    for (const auto& [name, value] : headers)
        out.append(name).append(":").append(value).append("\n");
    return out.append("\n").append(names_of(headers)).append("\n").append(hex(request.body));
}

/// The key of one day, region and service.
Sha256 signing_key(const AwsKey& key, string_view day, string_view service) {
    auto first = "AWS4" + string(key.secret.reveal());
    auto mac = hmac_sha256(first, day);
    for (auto step : {string_view(key.region), service, string_view("aws4_request")})
        mac = hmac_sha256(as_chars(mac), step);
    return mac;
}

}  // namespace

Result<AwsKey> parse_aws_key(const Secret& key) {
    auto parts = split(key.reveal(), '|');
    bool complete = parts.size() == 3 || parts.size() == 4;
    for (auto part : parts)
        complete = complete && !trim(part).empty();
    if (!complete)
        return fail(Code::config_invalid,
                    "the key is not of the form ACCESS_KEY_ID|SECRET|REGION (and for temporary "
                    "credentials |SESSION_TOKEN)");
    AwsKey out;
    out.access_key_id = trim(parts[0]);
    out.secret = Secret(string(trim(parts[1])));
    out.region = trim(parts[2]);
    if (parts.size() == 4)
        out.session_token = Secret(string(trim(parts[3])));
    return out;
}

std::vector<std::pair<string, string>> sign_v4(const AwsKey& key, string_view service,
                                               const AwsRequest& request, WallTime now) {
    auto time = basic_time(now);
    auto day = time.substr(0, 8);
    auto headers = canonical_headers(request, key, time);
    auto scope = day + "/" + key.region + "/" + string(service) + "/aws4_request";
    auto to_sign = string(algorithm) + "\n" + time + "\n" + scope + "\n" +
                   hex(sha256(canonical_request(request, headers)));
    auto signature = hex(hmac_sha256(as_chars(signing_key(key, day, service)), to_sign));

    std::vector<std::pair<string, string>> out;
    out.emplace_back("x-amz-date", time);
    if (!key.session_token.empty())
        out.emplace_back("x-amz-security-token", string(key.session_token.reveal()));
    out.emplace_back("authorization", string(algorithm) + " Credential=" + key.access_key_id + "/" +
                                          scope + ", SignedHeaders=" + names_of(headers) +
                                          ", Signature=" + signature);
    return out;
}

}  // namespace obliv::providers
