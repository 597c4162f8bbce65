#pragma once

#include "core/config/config.hpp"
#include "core/config/value.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace obliv::config {

/// When a changed value takes effect.
enum class Applies : std::uint8_t { on_reload, on_restart };

/// One setting. Everything that is ever said about it comes from here.
struct Field {
    std::string_view section;
    std::string_view key;
    Applies applies;
    std::string_view meaning;       ///< one sentence or two
    std::string_view default_note;  ///< replaces the default in documents where it is not fixed
    std::string type;               ///< `duration, 1s to 1h`

    std::function<Result<void>(Config&, const Value&)> set;
    std::function<std::string(const Config&)> show;  ///< as TOML; secrets redacted
    std::function<bool(const Config&, const Config&)> same;

    std::string name() const { return std::string(section) + "." + std::string(key); }
};

struct Section {
    std::string_view name;
    std::string_view meaning;
};

/// Every section and every setting, in the order of documents.
std::span<const Section> sections();
std::span<const Field> fields();
const Field* find_field(std::string_view section, std::string_view key);

/// The commented file that packages install: every setting at its default, commented out.
std::string default_file();
/// docs/configuration.md.
std::string reference_page();

}  // namespace obliv::config
