// A tokenizer.json of anybody's, and text that is counted by what it became. Up to the first zero
// byte the input is the file, behind it the text.

#include "core/base/check.hpp"
#include "core/tokenizer/counter.hpp"
#include "core/tokenizer/hugging_face.hpp"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    auto encoding = obliv::tokenizer::read_hugging_face("fuzz", input.substr(0, input.find('\0')));
    if (!encoding)
        return 0;
    auto zero = input.find('\0');
    auto text = zero == std::string_view::npos ? input : input.substr(zero + 1);
    obliv::tokenizer::Counter counter(*encoding);
    for (std::size_t at = 0; at < text.size(); at += 3)
        counter.add(text.substr(at, 3));
    obliv::check(counter.count() == encoding->count(text), "a stream counts as its whole text");
    obliv::check(encoding->encode(text).size() == encoding->count(text), "count is of the tokens");
    return 0;
}
