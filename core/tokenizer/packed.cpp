#include "core/tokenizer/packed.hpp"

#include "core/base/encoding.hpp"
#include "core/tokenizer/byte_hash.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace obliv::tokenizer {
namespace {

template <typename T>
void append(std::string& out, const T* values, std::size_t count) {
    out.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

// False where the same bytes are there already.
bool insert(std::vector<std::uint64_t>& slots, std::span<const std::string> tokens,
            std::uint32_t id) {
    auto hash = byte_hash(tokens[id]);
    auto at = first_slot(hash, static_cast<std::uint32_t>(slots.size()));
    for (; slots[at] != empty_slot; at = at + 1 == slots.size() ? 0 : at + 1)
        if (tokens[slots[at] & 0xFFFF'FFFFU] == tokens[id])
            return false;
    slots[at] = (hash & ~std::uint64_t{0xFFFF'FFFFU}) | id;
    return true;
}

Error bad_line(std::size_t line, std::string_view why) {
    return fail(Code::invalid_request, "merge table, line " + std::to_string(line) + ": " +
                                           std::string(why) + "; expected: BASE64 RANK");
}

Result<void> read_line(std::string_view line, std::size_t number,
                       std::vector<std::string>& tokens) {
    auto blank = line.find(' ');
    if (blank == std::string_view::npos)
        return bad_line(number, "no blank");
    auto bytes = from_base64(line.substr(0, blank));
    if (!bytes || bytes->empty())
        return bad_line(number, "the bytes are not base64");
    std::size_t rank = 0;
    auto digits = line.substr(blank + 1);
    auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
    if (problem != std::errc() || end != digits.data() + digits.size() || rank >= tokens_limit)
        return bad_line(number, "the rank is not a number below the limit");
    if (rank >= tokens.size())
        tokens.resize(rank + 1);
    if (!tokens[rank].empty())
        return bad_line(number, "the rank is taken");
    tokens[rank] = std::move(*bytes);
    return ok();
}

}  // namespace

Result<std::string> pack(std::span<const std::string> tokens) {
    if (tokens.size() > tokens_limit)
        return fail(Code::invalid_request, "a vocabulary has at most " +
                                               std::to_string(tokens_limit) + " tokens, this has " +
                                               std::to_string(tokens.size()));
    PackedHead head;
    head.tokens = static_cast<std::uint32_t>(tokens.size());
    // Two thirds full: a search that fails looks at two or three slots.
    head.slots = head.tokens + head.tokens / 2 + 1;
    std::vector<std::uint64_t> slots(head.slots, empty_slot);
    std::vector<std::uint32_t> offsets{0};
    std::string blob;
    for (std::uint32_t id = 0; id < head.tokens; ++id) {
        if (tokens[id].size() > token_bytes_limit)
            return fail(Code::invalid_request, "token " + std::to_string(id) + " has more than " +
                                                   std::to_string(token_bytes_limit) + " bytes");
        if (!tokens[id].empty() && !insert(slots, tokens, id))
            return fail(Code::invalid_request,
                        "token " + std::to_string(id) + " has the bytes of another");
        head.token_bytes_max =
            std::max(head.token_bytes_max, static_cast<std::uint32_t>(tokens[id].size()));
        blob += tokens[id];
        offsets.push_back(static_cast<std::uint32_t>(blob.size()));
    }
    head.blob_bytes = static_cast<std::uint32_t>(blob.size());
    std::string out;
    append(out, &head, 1);
    append(out, slots.data(), slots.size());
    append(out, offsets.data(), offsets.size());
    return out + blob;
}

Result<std::vector<std::string>> read_ranks(std::string_view text) {
    std::vector<std::string> tokens;
    std::size_t number = 0;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        ++number;
        if (line.empty())
            continue;
        if (auto read = read_line(line, number, tokens); !read)
            return read.error();
    }
    if (tokens.empty())
        return fail(Code::invalid_request, "merge table: no line in it");
    return tokens;
}

}  // namespace obliv::tokenizer
