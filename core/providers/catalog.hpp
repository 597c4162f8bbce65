#pragma once

#include "core/providers/custom.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::providers {

/// The providers that there are: those built in and those described. Immutable; who points at a
/// Provider of it keeps it.
class Catalog {
public:
    struct Described {
        std::int64_t version = 0;
        std::shared_ptr<const Custom> custom;
    };
    struct Source {
        std::string_view name;
        std::int64_t version = 0;
        std::string_view text;
    };

    /// A description that this program cannot read (a newer one wrote it) is left out: channels
    /// that use it serve nothing until it can.
    static std::shared_ptr<const Catalog> build(std::span<const Source> sources);

    /// Null when there is none of this name. `base_url` is as in Endpoint.
    const Provider* find(std::string_view name, std::string_view base_url) const noexcept;
    /// By name.
    const std::vector<Described>& described() const noexcept { return described_; }
    /// Every name there is, sorted.
    std::vector<std::string_view> names() const;

private:
    std::vector<Described> described_;
};

}  // namespace obliv::providers
