#pragma once

#include "cli/settings/paths.hpp"
#include "core/base/secret.hpp"

#include <optional>
#include <string>

namespace obliv::cli {

/// The tokens that `obliv login` keeps: one for each server and profile, in a file of the state
/// folder that only its owner can read. A token is given out only for the server that it was
/// checked against.
class Credentials {
public:
    explicit Credentials(Paths paths) : paths_(std::move(paths)) {}

    Result<std::optional<Secret>> find(const std::string& profile, const std::string& server) const;
    Result<void> store(const std::string& profile, const std::string& server,
                       const Secret& token) const;
    /// False when there was none.
    Result<bool> remove(const std::string& profile, const std::string& server) const;

private:
    Result<std::string> read() const;
    Result<std::string> without(const std::string& profile, const std::string& server,
                                bool& found) const;
    Paths paths_;
};

}  // namespace obliv::cli
