#pragma once

#include "core/tokenizer/encoding.hpp"

#include <span>
#include <string_view>

namespace obliv::tokenizer {

/// An encoding whose merge table is public.
struct Named {
    std::string_view name;
    std::string_view file;  ///< of the vocabulary, without its folder
    SplitRule split;
};

/// All of them.
std::span<const Named> named_encodings() noexcept;

/// Opens one from the folder that holds the vocabularies. Mapping costs microseconds; pages are
/// read when they are first needed.
Result<Encoding> open_named(const Named& named, const std::string& folder);

}  // namespace obliv::tokenizer
