#pragma once

#include <cstdint>
#include <string_view>

namespace obliv::llm {

/// What a stretch of a reply is.
enum class Voice : std::uint8_t {
    text,       ///< of the answer, or of a refusal
    arguments,  ///< of a tool call, or its name
    thought,
};

/// Hears what a model says while its reply passes, for whoever counts it. Called on the reply's
/// loop; what it is given lives during the call only.
class ReplyListener {
public:
    virtual ~ReplyListener() = default;
    /// The next stretch. `escaped`: as it stands in a JSON string, perhaps cut inside an escape.
    virtual void heard(Voice voice, std::string_view stretch, bool escaped) = 0;
    /// The provider has told figures that contain everything heard so far.
    virtual void told() = 0;
};

}  // namespace obliv::llm
