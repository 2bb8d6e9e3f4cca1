#pragma once

#include "clients/core/store.hpp"
#include "clients/core/types.hpp"

#include <vector>

namespace wardline::client {

// The messages that a patient's device keeps, sealed, until they expire. A message stands once, by
// its device and id. Staff devices keep none.
class MessageStore {
public:
    explicit MessageStore(Store& store) : store_{store} {}

    // `missing_key`: it may still become readable.
    Result<void> put(const Message& message, bool missing_key = false);
    // Whether it is here and was not refused.
    Result<bool> has_readable(const Message& message);
    // Seqs below `before` (0: all), the newest `limit`, rising.
    Result<std::vector<Message>> page(Seq before, std::size_t limit);
    // Seqs of those that had no key yet.
    Result<std::vector<Seq>> missing();
    // Forgets the content of what is due. The number of messages that were.
    Result<std::size_t> expire(Instant now);

private:
    Store& store_;
};

}  // namespace wardline::client
