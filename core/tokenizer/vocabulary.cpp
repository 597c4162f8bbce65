#include "core/tokenizer/vocabulary.hpp"

#include "core/tokenizer/byte_hash.hpp"
#include "core/tokenizer/packed.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace obliv::tokenizer {
namespace {

Error unreadable(const std::string& path, int problem) {
    return fail(Code::not_found, "vocabulary " + path + ": " + std::strerror(problem));
}

}  // namespace

Result<Vocabulary> Vocabulary::map(const std::string& path) {
    int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return unreadable(path, errno);
    struct stat about {};
    auto known = ::fstat(file, &about);
    auto bytes = static_cast<std::size_t>(about.st_size);
    void* memory = MAP_FAILED;
    if (known == 0 && bytes > 0)
        memory = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0);
    auto problem = errno;
    ::close(file);
    if (memory == MAP_FAILED)
        return unreadable(path, bytes == 0 ? EINVAL : problem);
    Vocabulary made;
    made.mapped_ = memory;
    made.packed_ = {static_cast<const char*>(memory), bytes};
    if (auto read = made.read_layout(); !read)
        return fail(read.error().code, "vocabulary " + path + ": " + read.error().message);
    return made;
}

Result<Vocabulary> Vocabulary::own(std::string packed) {
    Vocabulary made;
    made.owned_ = std::move(packed);
    made.packed_ = made.owned_;
    if (auto read = made.read_layout(); !read)
        return read.error();
    return made;
}

// Head, version and length only: to look at all of it would read the file in at every start.
Result<void> Vocabulary::read_layout() {
    auto damaged = fail(Code::invalid_request, "not a packed vocabulary of this version");
    PackedHead head;
    if (packed_.size() < sizeof head)
        return damaged;
    std::memcpy(&head, packed_.data(), sizeof head);
    auto wanted = sizeof head + std::uint64_t{head.slots} * sizeof(std::uint64_t) +
                  (std::uint64_t{head.tokens} + 1) * sizeof(std::uint32_t) + head.blob_bytes;
    if (head.magic != PackedHead::magic_value || head.slots <= head.tokens ||
        packed_.size() != wanted)
        return damaged;
    const auto* begin = packed_.data() + sizeof head;
    slots_ = reinterpret_cast<const std::uint64_t*>(begin);
    offsets_ = reinterpret_cast<const std::uint32_t*>(slots_ + head.slots);
    blob_ = reinterpret_cast<const char*>(offsets_ + head.tokens + 1);
    size_ = head.tokens;
    slot_count_ = head.slots;
    token_bytes_max_ = head.token_bytes_max;
    if (offsets_[0] != 0 || offsets_[size_] != head.blob_bytes)
        return damaged;
    return ok();
}

Vocabulary::Vocabulary(Vocabulary&& other) noexcept {
    *this = std::move(other);
}

Vocabulary& Vocabulary::operator=(Vocabulary&& other) noexcept {
    std::swap(owned_, other.owned_);
    std::swap(mapped_, other.mapped_);
    std::swap(packed_, other.packed_);
    std::swap(offsets_, other.offsets_);
    std::swap(slots_, other.slots_);
    std::swap(blob_, other.blob_);
    std::swap(size_, other.size_);
    std::swap(slot_count_, other.slot_count_);
    std::swap(token_bytes_max_, other.token_bytes_max_);
    return *this;
}

Vocabulary::~Vocabulary() {
    if (mapped_ != nullptr)
        ::munmap(mapped_, packed_.size());
}

TokenId Vocabulary::find(std::string_view bytes) const noexcept {
    if (bytes.size() > token_bytes_max_)
        return no_token;
    auto hash = byte_hash(bytes);
    for (auto at = first_slot(hash, slot_count_); slots_[at] != empty_slot;
         at = at + 1 == slot_count_ ? 0 : at + 1) {
        if ((slots_[at] ^ hash) >> 32U != 0)
            continue;
        auto id = static_cast<TokenId>(slots_[at]);
        if (this->bytes(id) == bytes)
            return id;
    }
    return no_token;
}

std::string_view Vocabulary::bytes(TokenId id) const noexcept {
    if (id >= size_ || offsets_[id] > offsets_[id + 1] || offsets_[id + 1] > offsets_[size_])
        return {};
    return {blob_ + offsets_[id], offsets_[id + 1] - offsets_[id]};
}

}  // namespace obliv::tokenizer
