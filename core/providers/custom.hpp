#pragma once

#include "core/base/result.hpp"
#include "core/providers/provider.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace obliv::providers {

/// A provider that is described in a file and not built in; docs/adapters.md is the reference of
/// the file. Immutable: a change is a new one.
class Custom {
public:
    virtual ~Custom() = default;
    /// Lives as long as this object.
    virtual const Provider& provider() const noexcept = 0;

    /// invalid_request: the first thing that is wrong with the TOML text, with its line. `file` is
    /// what messages call it.
    static Result<std::shared_ptr<const Custom>> parse(std::string_view toml,
                                                       const std::string& file);
};

}  // namespace obliv::providers
