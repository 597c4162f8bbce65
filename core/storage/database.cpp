#include "core/storage/open.hpp"
#include "core/storage/store.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace obliv::storage {
namespace {

constexpr std::chrono::seconds reader_wait{5};

/// Read-only connections, opened when first needed and lent one at a time.
class ReaderPool {
public:
    ReaderPool(Engine& engine, int limit) : engine_(engine), unopened_(limit) {}

    Result<std::unique_ptr<ReadEngine>> borrow() {
        std::unique_lock lock(mutex_);
        bool there = returned_.wait_for(lock, reader_wait,
                                        [this] { return !idle_.empty() || unopened_ > 0; });
        if (!there)
            return fail(Code::overloaded, "every reader of the store is busy");
        if (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            return reader;
        }
        --unopened_;
        lock.unlock();
        auto reader = engine_.reader();
        if (!reader)
            give_up();
        return reader;
    }

    void give_back(std::unique_ptr<ReadEngine> reader) {
        std::lock_guard lock(mutex_);
        idle_.push_back(std::move(reader));
        returned_.notify_one();
    }

private:
    void give_up() {
        std::lock_guard lock(mutex_);
        ++unopened_;
        returned_.notify_one();
    }

    Engine& engine_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<ReadEngine>> idle_;  // under mutex_
    int unopened_;                                   // under mutex_
};

}  // namespace

struct Database::Impl {
    Impl(std::unique_ptr<Engine> opened, std::unique_ptr<WriteEngine> writing,
         const Options& options)
        : engine(std::move(opened)), readers(*engine, options.readers),
          writer(std::move(writing), options.writer) {}

    std::unique_ptr<Engine> engine;
    ReaderPool readers;
    Writer writer;
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const Options& options) {
    auto engine = open_engine(options);
    if (!engine)
        return engine.error();
    auto writer = (*engine)->writer();
    if (!writer)
        return writer.error();
    return std::unique_ptr<Database>(
        new Database(std::make_unique<Impl>(std::move(*engine), std::move(*writer), options)));
}

Result<void> Database::run_read(const std::function<Result<void>(Session&)>& use) {
    auto reader = impl_->readers.borrow();
    if (!reader)
        return reader.error();
    auto done = (*reader)->begin();
    if (done) {
        done = use((*reader)->session());
        (*reader)->end();
    }
    impl_->readers.give_back(std::move(*reader));
    return done;
}

Result<void> Database::run_write(std::function<Result<void>(Session&)> use) {
    return impl_->writer.run(std::move(use));
}

Writer& Database::writer() noexcept {
    return impl_->writer;
}

}  // namespace obliv::storage
