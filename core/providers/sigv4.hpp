#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::providers {

/// What AWS asks of a caller, as one key: `ACCESS_KEY_ID|SECRET|REGION`, and after a further bar
/// the session token of temporary credentials.
struct AwsKey {
    std::string access_key_id;
    Secret secret;
    std::string region;
    Secret session_token;  ///< empty: the credentials are permanent
};

Result<AwsKey> parse_aws_key(const Secret& key);

/// A request as it goes out: path and query already percent-encoded.
struct AwsRequest {
    std::string_view method;
    std::string_view host;  ///< with its port, if the Host header has one
    std::string_view path;
    std::string_view query;  ///< without the question mark
    /// That are to be signed, besides host, date and token; names in lower case.
    std::vector<std::pair<std::string, std::string>> headers{};
    Sha256 body{};  ///< its digest
};

/// Signs by AWS Signature Version 4 for every service but S3, whose paths are encoded once less.
/// Returns the headers that the request needs: `x-amz-date`, `authorization`, and
/// `x-amz-security-token` where there is one.
std::vector<std::pair<std::string, std::string>>
sign_v4(const AwsKey& key, std::string_view service, const AwsRequest& request, WallTime now);

}  // namespace obliv::providers
