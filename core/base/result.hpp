#pragma once

#include "core/base/check.hpp"
#include "core/base/error.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace obliv {

namespace detail {

/// The failed side of a Result. An Error has several texts and a Result travels through many
/// frames: kept on the heap, success costs one word. Nothing stands for the internal error of a
/// Result that nobody has given a value.
class Failure {
public:
    Failure() noexcept = default;
    explicit Failure(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
    Failure(const Failure& other)
        : error_(other.error_ ? std::make_unique<Error>(*other.error_) : nullptr) {}
    Failure(Failure&&) noexcept = default;
    Failure& operator=(Failure other) noexcept {
        error_.swap(other.error_);
        return *this;
    }
    ~Failure() = default;

    Error& get() {
        if (!error_)
            error_ = std::make_unique<Error>(fail(Code::internal, "no result was produced"));
        return *error_;
    }

private:
    std::unique_ptr<Error> error_;
};

}  // namespace detail

/// A value or the `Error` that stands in its place. Names follow `std::expected`, which GCC 12
/// lacks, so that a later swap is mechanical. A default-constructed Result is an internal error:
/// coroutine machinery needs one, and nobody should mistake it for success.
template <typename T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result() noexcept = default;
    Result(T value) : value_(std::move(value)) {}
    Result(Error error) : failure_(std::move(error)) {}

    bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    T& operator*() & noexcept { return value(); }
    const T& operator*() const& noexcept { return value(); }
    T&& operator*() && noexcept { return std::move(value()); }
    T* operator->() noexcept { return &value(); }
    const T* operator->() const noexcept { return &value(); }

    T& value() noexcept {
        check(has_value(), "a Result is tested before its value is read");
        return *value_;
    }
    const T& value() const noexcept {
        check(has_value(), "a Result is tested before its value is read");
        return *value_;
    }
    T value_or(T other) && { return has_value() ? std::move(value()) : std::move(other); }

    Error& error() {
        check(!has_value(), "only a failed Result has an error");
        return failure_.get();
    }
    const Error& error() const {
        check(!has_value(), "only a failed Result has an error");
        return failure_.get();
    }

private:
    std::optional<T> value_;
    mutable detail::Failure failure_;  ///< of a failed Result; made when it is first asked for
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() noexcept = default;
    Result(Error error) : failure_(std::move(error)) {}

    bool has_value() const noexcept { return ok_; }
    explicit operator bool() const noexcept { return ok_; }
    Error& error() {
        check(!ok_, "only a failed Result has an error");
        return failure_.get();
    }
    const Error& error() const {
        check(!ok_, "only a failed Result has an error");
        return failure_.get();
    }

private:
    struct Success {};
    explicit Result(Success) noexcept : ok_(true) {}
    friend Result<void> ok() noexcept;

    mutable detail::Failure failure_;  ///< of a failed Result; made when it is first asked for
    bool ok_ = false;
};

/// The success of an operation that has no value.
inline Result<void> ok() noexcept {
    return Result<void>(Result<void>::Success{});
}

}  // namespace obliv
