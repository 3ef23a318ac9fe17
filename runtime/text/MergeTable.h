// Which pairs of tokens merge into which token, and in what order. An open-addressing table with 16 bytes a slot.
// Threads: find() may run concurrently once filling has ended.
#pragma once

#include "runtime/text/Hash.h"

#include <bit>
#include <cstdint>
#include <vector>

namespace tenon::text {

class MergeTable {
public:
  struct Merge {
    uint32_t rank; // smaller merges first
    int32_t id;    // what the pair becomes
  };

  void reserve(size_t merges) {
    slots_.assign(std::bit_ceil(merges + merges / 2 + 8), Slot());
    key_ = hashKey();
  }
  // Sets the pair's merge; a later one replaces an earlier one. At most as many as were reserved.
  void set(int32_t left, int32_t right, Merge merge) {
    Slot &slot = slots_[slotFor(pairOf(left, right))];
    slot.pair = pairOf(left, right);
    slot.merge = merge;
  }
  // Asks for the memory that set() or find() will need.
  void fetch(int32_t left, int32_t right) const {
    __builtin_prefetch(&slots_[hashOf(pairOf(left, right), key_) & (slots_.size() - 1)], 1);
  }
  // The pair's merge, or null. Ids are at least 0.
  const Merge *find(int32_t left, int32_t right) const {
    const Slot &slot = slots_[slotFor(pairOf(left, right))];
    return slot.pair == empty ? nullptr : &slot.merge;
  }

private:
  static constexpr uint64_t empty = UINT64_MAX; // no pair: ids are below 2^31
  struct Slot {
    uint64_t pair = empty;
    Merge merge = {0, -1};
  };

  static uint64_t pairOf(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  size_t slotFor(uint64_t pair) const {
    size_t mask = slots_.size() - 1;
    size_t slot = hashOf(pair, key_) & mask;
    while (slots_[slot].pair != empty && slots_[slot].pair != pair)
      slot = (slot + 1) & mask;
    return slot;
  }

  std::vector<Slot> slots_ = std::vector<Slot>(8);
  uint64_t key_ = 0;
};

} // namespace tenon::text
