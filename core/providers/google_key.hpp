#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace obliv::providers {

/// A Google service account, as its JSON file describes it.
struct GoogleKey {
    std::string project;
    std::string email;
    std::string key_id;
    Secret private_key;  ///< PEM
    std::string token_url;
};

/// Whether a channel's key is such a file; else it is an API key.
bool is_google_account(const Secret& key) noexcept;

/// Error: `config_invalid`, says which field is missing or wrong.
Result<GoogleKey> parse_google_key(const Secret& key);

/// The JSON Web Token that a service account proves itself with: signed by RS256, good for an hour
/// from `now`.
Result<std::string> google_assertion(const GoogleKey& key, std::string_view scope, WallTime now);

}  // namespace obliv::providers
