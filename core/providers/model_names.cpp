#include "core/providers/model_names.hpp"

#include "core/wire/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::providers {
namespace {

constexpr std::size_t names_max = 10'000;

const wire::Json* list_in(const wire::Json& document) {
    if (document.is_array())
        return &document;
    for (const char* name : {"data", "models"})
        if (const auto* list = wire::member(document, name); list != nullptr && list->is_array())
            return list;
    return nullptr;
}

std::string name_in(const wire::Json& model) {
    if (model.is_string())
        return model.get<std::string>();
    auto name = wire::string_in(model, "id");
    if (name.empty())
        name = wire::string_in(model, "name");
    constexpr std::string_view folder = "models/";
    return name.starts_with(folder) ? name.substr(folder.size()) : name;
}

}  // namespace

Result<std::vector<std::string>> model_names(std::string_view json) {
    auto document = wire::parse_json(json);
    const auto* list = document ? list_in(*document) : nullptr;
    if (list == nullptr)
        return fail(Code::upstream_failed, "the provider's reply is no list of models");
    std::vector<std::string> names;
    for (const auto& model : *list) {
        auto name = name_in(model);
        // What could not be the name of a model here is no use to anybody.
        bool fits = !name.empty() && name.size() <= 128 &&
                    std::none_of(name.begin(), name.end(), [](char c) {
                        return static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
                    });
        if (fits && names.size() < names_max)
            names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

}  // namespace obliv::providers
