#pragma once

#include "core/wire/json.hpp"

namespace obliv::wire {

/// A schema in Google's own dialect (`parameters`, `responseSchema`: types in capitals, `nullable`,
/// counts as strings) as JSON Schema. Nothing is lost.
Json schema_from_gemini(const Json& schema);

/// JSON Schema for Google, into `out`. True: in Google's own dialect, for `parameters` or
/// `responseSchema`. False: it has something that this cannot say (a map, a recursive reference, a
/// tuple), and is still JSON Schema, less the words that are not understood, for
/// `parametersJsonSchema` or `responseJsonSchema`.
///
/// References to `$defs` are put in their place, a constant becomes a list of one, `oneOf` becomes
/// `anyOf`, a type that may be null `nullable`. Left out, because Google has no word for it:
/// `additionalProperties: false`, `multipleOf`, exclusive bounds, `uniqueItems`, `not`,
/// conditions, examples and comments; a `format` that it refuses goes into the description.
bool schema_to_gemini(const Json& schema, Json& out);

}  // namespace obliv::wire
