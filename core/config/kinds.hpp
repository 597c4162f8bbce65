#pragma once

#include "core/base/secret.hpp"
#include "core/config/endpoint.hpp"
#include "core/config/value.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The kinds of setting: how each is read from a value, written back as TOML and described. A kind
/// is a struct with `read`, `show` and `type`; schema.cpp combines one with every field.
namespace obliv::config {

struct DurationKind {
    using Stored = std::chrono::milliseconds;
    std::chrono::milliseconds least;
    std::chrono::milliseconds most;
    Result<Stored> read(const Value& value) const;
    std::string show(Stored span) const;
    std::string type() const;
};

struct SizeKind {
    using Stored = std::int64_t;
    std::int64_t least;
    std::int64_t most;
    Result<Stored> read(const Value& value) const;
    std::string show(Stored bytes) const;
    std::string type() const;
};

struct CountKind {
    using Stored = std::int64_t;
    std::int64_t least;
    std::int64_t most;
    Result<Stored> read(const Value& value) const;
    std::string show(Stored count) const;
    std::string type() const;
};

/// An absolute path, or empty.
struct PathKind {
    using Stored = std::string;
    std::size_t length_max = 4095;
    Result<Stored> read(const Value& value) const;
    std::string show(const Stored& path) const;
    std::string type() const;
};

/// A name, or empty: one line without control characters.
struct TextKind {
    using Stored = std::string;
    Result<Stored> read(const Value& value) const;
    std::string show(const Stored& text) const;
    std::string type() const;
};

/// `http://host:port`, perhaps with a user and a password, which are never shown; or empty.
struct ProxyKind {
    using Stored = std::string;
    Result<Stored> read(const Value& value) const;
    std::string show(const Stored& url) const;
    std::string type() const;
};

/// 256 bits as hexadecimal digits, only ever by reference.
struct KeyKind {
    using Stored = Secret;
    Result<Stored> read(const Value& value) const;
    std::string show(const Stored& secret) const;
    std::string type() const;
};

/// A password or an address that holds one, only ever by reference.
struct SecretKind {
    using Stored = Secret;
    bool is_url = false;
    Result<Stored> read(const Value& value) const;
    std::string show(const Stored& secret) const;
    std::string type() const;
};

struct EndpointsKind {
    using Stored = std::vector<Endpoint>;
    Result<Stored> read(const Value& value) const;
    std::string show(const Stored& endpoints) const;
    std::string type() const;
};

/// A list of texts. `check` says what is wrong with one, or nothing.
struct TextsKind {
    std::string_view example;  ///< `["files.example.com"]`
    std::string (*check)(std::string_view text);
    std::string_view name;  ///< `list of hosts`
    using Stored = std::vector<std::string>;
    Result<Stored> read(const Value& value) const;
    std::string show(const Stored& texts) const;
    std::string type() const { return std::string(name); }
};

/// A list of texts `LEFT=RIGHT`. `check` says what is wrong with a pair, or nothing.
struct PairsKind {
    using Stored = std::vector<std::pair<std::string, std::string>>;
    std::string_view example;
    std::string (*check)(std::string_view left, std::string_view right);
    Result<Stored> read(const Value& value) const;
    std::string show(const Stored& pairs) const;
    std::string type() const;
};

/// One of a few words.
struct Word {
    std::string_view word;
    int number;
};
Result<int> read_word(const Value& value, const Word* words, std::size_t count);
std::string show_word(int number, const Word* words, std::size_t count);
std::string type_of_words(const Word* words, std::size_t count);

template <typename Enum, std::size_t N>
struct ChoiceKind {
    using Stored = Enum;
    std::array<Word, N> words;
    Result<Stored> read(const Value& value) const {
        auto number = read_word(value, words.data(), N);
        if (!number)
            return number.error();
        return static_cast<Enum>(*number);
    }
    std::string show(Stored choice) const {
        return show_word(static_cast<int>(choice), words.data(), N);
    }
    std::string type() const { return type_of_words(words.data(), N); }
};

}  // namespace obliv::config
