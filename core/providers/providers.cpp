#include "core/providers/openai.hpp"
#include "core/providers/provider.hpp"

#include <array>

namespace obliv::providers {
namespace {

constexpr std::array<const Provider*, 1> list{&openai};

}  // namespace

std::span<const Provider* const> all() noexcept {
    return list;
}

const Provider* find(std::string_view name) noexcept {
    for (const auto* provider : list)
        if (provider->name == name)
            return provider;
    return nullptr;
}

}  // namespace obliv::providers
