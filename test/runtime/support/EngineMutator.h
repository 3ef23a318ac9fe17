// Damages engines on purpose, reproducibly, and mends their digests so that the damage reaches what lies behind them.
// Code segments stay as they are: other code under a right digest may do anything (docs/security.md).
#pragma once

#include "tenon/schema/engine_generated.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::test {

class EngineMutator {
public:
  // `engine` is a whole engine file that opens, its weights inside.
  explicit EngineMutator(std::vector<uint8_t> engine);

  const std::vector<uint8_t> &good() const { return good_; }

  // The file with damage number `seed`: the same for the same seed. What was done is put into `what`, for people.
  std::vector<uint8_t> mutant(uint64_t seed, std::string &what) const;

private:
  std::vector<uint8_t> good_;
  std::vector<uint8_t> metadata_; // of good_
};

} // namespace tenon::test
