#include "core/providers/catalog.hpp"

#include <algorithm>

namespace obliv::providers {

std::shared_ptr<const Catalog> Catalog::build(std::span<const Source> sources) {
    auto catalog = std::make_shared<Catalog>();
    for (const auto& source : sources)
        if (auto custom = Custom::parse(source.text, std::string(source.name)))
            catalog->described_.push_back({source.version, std::move(*custom)});
    return catalog;
}

const Provider* Catalog::find(std::string_view name, std::string_view base_url) const noexcept {
    for (const auto& one : described_)
        if (one.custom->provider().name == name)
            return &one.custom->provider();
    return providers::find(name, base_url);
}

std::vector<std::string_view> Catalog::names() const {
    std::vector<std::string_view> out;
    for (const auto* provider : all())
        out.push_back(provider->name);
    for (const auto& one : described_)
        out.push_back(one.custom->provider().name);
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace obliv::providers
