#include "core/loop/spawn.hpp"

#include "core/base/log.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace obliv::loop {
namespace {

Error from_exception(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return fail(Code::internal, error.what());
    } catch (...) {
        return fail(Code::internal, "an exception of an unknown type");
    }
}

void log_failure(const std::string& what, const Error& error) {
    if (error.code != Code::cancelled)
        log::write(log::Level::warning, "a background task failed",
                   {{"task", what}, {"error", error.message}});
}

}  // namespace

void spawn(asio::any_io_executor executor, asio::awaitable<Result<void>> work, std::string what) {
    spawn(std::move(executor), std::move(work), std::move(what), nullptr);
}

void spawn(asio::any_io_executor executor, asio::awaitable<void> work, std::string what) {
    asio::co_spawn(std::move(executor), std::move(work),
                   [what = std::move(what)](std::exception_ptr thrown) {
                       if (thrown)
                           log_failure(what, from_exception(thrown));
                   });
}

void spawn(asio::any_io_executor executor, asio::awaitable<Result<void>> work, std::string what,
           std::function<void(const Result<void>&)> done) {
    asio::co_spawn(std::move(executor), std::move(work),
                   [what = std::move(what), done = std::move(done)](std::exception_ptr thrown,
                                                                    Result<void> result) {
                       if (thrown)
                           result = from_exception(thrown);
                       if (!result)
                           log_failure(what, result.error());
                       if (done)
                           done(result);
                   });
}

}  // namespace obliv::loop
