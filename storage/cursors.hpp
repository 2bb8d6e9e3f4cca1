#pragma once

#include "storage/journal_state.hpp"
#include "storage/task.hpp"

#include <vector>

// How far each device is in each thread. Written by JournalWriter::note_cursor().
namespace wardline::storage {

class Database;

struct Cursor {
    DeviceId device;
    ThreadId thread;
    Seq delivered{0};
    Seq read{0};
    bool operator==(const Cursor&) const = default;
};

class Cursors {
public:
    explicit Cursors(Database& database) : database_{database} {}

    Task<std::vector<Cursor>> of_thread(const ThreadId& thread);
    Task<std::vector<Cursor>> of_device(const DeviceId& device);

private:
    Database& database_;
};

}  // namespace wardline::storage
