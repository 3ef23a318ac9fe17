// A part that comes from elsewhere, in pieces, into the cache's folder: its bytes are those that a manifest promised,
// or it becomes none.
#pragma once

#include "compiler/cache/Store.h"

#include <memory>

namespace tenon::cache {

// Hashes and writes while more comes (on a thread of its own), in bounded memory; zeros stay holes. Ownership:
// move-only; what was written goes away unless the part is published. Threads: one caller.
class ArrivingPart {
public:
  // Hold the key's lock. Errors: InvalidFile for a prefix of more than 1 MiB, Resource.
  static Result<ArrivingPart> create(Store &store, const Key &key, const Part &promised);

  // The next bytes. Integrity when they are more than was promised, Resource.
  Status write(std::span<const uint8_t> bytes);

  // Integrity when bytes lack or a digest differs.
  Result<NewPart> finish();

  ArrivingPart(ArrivingPart &&) noexcept;
  ArrivingPart &operator=(ArrivingPart &&) noexcept;
  ~ArrivingPart();

private:
  struct State;
  explicit ArrivingPart(std::unique_ptr<State> state);
  Status handOver();

  std::unique_ptr<State> state_;
  std::vector<uint8_t> gathered_;
  uint64_t handedOver_ = 0;
};

} // namespace tenon::cache
