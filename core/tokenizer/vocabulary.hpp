#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace obliv::tokenizer {

using TokenId = std::uint32_t;

constexpr TokenId no_token = 0xFFFFFFFFU;

/// The tokens of an encoding, each a string of bytes: a view into its packed form (packed.hpp),
/// which is either a file mapped into memory, shared by all who map it, or bytes of its own. Reads
/// only, so any thread may use it.
class Vocabulary {
public:
    /// Maps a file that `pack()` made. Refused where its head or its length say that it is none.
    static Result<Vocabulary> map(const std::string& path);
    /// The same of bytes in memory.
    static Result<Vocabulary> own(std::string packed);

    Vocabulary(Vocabulary&& other) noexcept;
    Vocabulary& operator=(Vocabulary&& other) noexcept;
    Vocabulary(const Vocabulary&) = delete;
    Vocabulary& operator=(const Vocabulary&) = delete;
    ~Vocabulary();

    /// The id of the token with exactly these bytes, or `no_token`.
    TokenId find(std::string_view bytes) const noexcept;

    /// The bytes of a token; empty for an id that is none.
    std::string_view bytes(TokenId id) const noexcept;

    /// One more than the highest id.
    std::size_t size() const noexcept { return size_; }
    /// No token is longer.
    std::size_t token_bytes_max() const noexcept { return token_bytes_max_; }

private:
    Vocabulary() = default;
    Result<void> read_layout();

    std::string owned_;       ///< the packed form, unless it is mapped
    void* mapped_ = nullptr;  ///< of `packed_.size()` bytes; null: owned
    std::string_view packed_;

    const std::uint32_t* offsets_ = nullptr;  ///< size_ + 1 of them, into blob_
    const std::uint64_t* slots_ = nullptr;
    const char* blob_ = nullptr;
    std::size_t size_ = 0;
    std::uint32_t slot_count_ = 0;
    std::size_t token_bytes_max_ = 0;
};

}  // namespace obliv::tokenizer
