#pragma once

#include "core/storage/store.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/temp_folder.hpp"

#include <memory>

namespace obliv::test {

/// A real store in a folder of its own.
struct TestStore {
    TempFolder folder;
    storage::Options options;
    std::unique_ptr<storage::Database> database;

    explicit TestStore(storage::WriterOptions writer = {}) {
        options.path = folder.file("oblivd.db");
        options.master_key.fill(7);
        options.writer = std::move(writer);
        open();
    }
    void open() { database = must(storage::Database::open(options)); }
    void close() { database.reset(); }
    void reopen() {
        close();
        open();
    }
    template <typename Use>
    auto write(Use use) {
        return database->write(use);
    }
    template <typename Use>
    auto read(Use use) {
        return database->read(use);
    }
};

}  // namespace obliv::test
