#pragma once

#include "core/base/check.hpp"
#include "core/base/error.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace obliv {

/// A value or the `Error` that stands in its place. Names follow `std::expected`, which GCC 12
/// lacks, so that a later swap is mechanical. A default-constructed Result is an internal error:
/// coroutine machinery needs one, and nobody should mistake it for success.
template <typename T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result() : state_(std::in_place_index<1>, fail(Code::internal, "no result was produced")) {}
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& operator*() & noexcept { return value(); }
    const T& operator*() const& noexcept { return value(); }
    T&& operator*() && noexcept { return std::move(value()); }
    T* operator->() noexcept { return &value(); }
    const T* operator->() const noexcept { return &value(); }

    T& value() noexcept {
        check(has_value(), "a Result is tested before its value is read");
        return *std::get_if<0>(&state_);
    }
    const T& value() const noexcept {
        check(has_value(), "a Result is tested before its value is read");
        return *std::get_if<0>(&state_);
    }
    T value_or(T other) && { return has_value() ? std::move(value()) : std::move(other); }

    Error& error() noexcept {
        check(!has_value(), "only a failed Result has an error");
        return *std::get_if<1>(&state_);
    }
    const Error& error() const noexcept {
        check(!has_value(), "only a failed Result has an error");
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() : error_(fail(Code::internal, "no result was produced")), ok_(false) {}
    Result(Error error) : error_(std::move(error)), ok_(false) {}

    bool has_value() const noexcept { return ok_; }
    explicit operator bool() const noexcept { return ok_; }
    Error& error() noexcept {
        check(!ok_, "only a failed Result has an error");
        return error_;
    }
    const Error& error() const noexcept {
        check(!ok_, "only a failed Result has an error");
        return error_;
    }

private:
    struct Success {};
    explicit Result(Success) : ok_(true) {}
    friend Result<void> ok() noexcept;

    Error error_{};
    bool ok_;
};

/// The success of an operation that has no value.
inline Result<void> ok() noexcept {
    return Result<void>(Result<void>::Success{});
}

}  // namespace obliv
