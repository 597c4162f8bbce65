#pragma once

#include "cli/sim/call.hpp"
#include "core/wire/fields.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::sim {

// What the documents of embeddings and rankings are made of.

/// In lower case, without spaces around it.
std::string without_case(std::string_view word);

std::int64_t words_of(const std::vector<std::string>& texts);

/// How long vectors are to be; complains of `field` if it cannot be.
std::size_t vector_length(std::optional<std::int64_t> wanted, std::string_view field,
                          wire::Complaint& complaint);

/// Of length 1; its direction depends on the words of the text, the same on every machine.
std::vector<float> vector_of(std::string_view text, std::size_t length);

/// The call that is answered with `document`, unless something is wrong with it.
Result<Call> answered(const wire::Complaint& complaint, std::string model, std::int64_t tokens,
                      const wire::Json& document);

}  // namespace obliv::sim
