// Cuts rows into runs of the compiled buckets so that the predicted time is least.
//
// A program costs, per launch, the bytes it reads and writes or its operations over the target's balance
// (Variant.flops_per_byte), whichever is more, plus a constant for the fork and join. Small programs of a large model
// are bound by reading the weights once, so that three rows are one padded run of four rather than runs of two and one;
// large ones are bound by arithmetic, so that 129 rows are 128 and 1 rather than 256. Everything comes from the engine,
// nothing is measured: the same step is always cut alike, and gives the same bits.
#pragma once

#include "tenon/schema/engine_generated.h"

#include <cstdint>
#include <vector>

namespace tenon {

class RowBuckets {
public:
  struct Bucket {
    uint32_t rows;    // of one run
    uint32_t program; // index into Variant.programs
    double cost;      // bytes' worth of time
  };

  // `buckets` ascending by rows, at least one.
  explicit RowBuckets(std::vector<Bucket> buckets);
  // The programs named `entry` of a verified variant.
  RowBuckets(const schema::Variant &variant, std::string_view entry);

  const std::vector<Bucket> &buckets() const { return buckets_; }
  uint32_t maxRows() const { return buckets_.back().rows; }

  // The bucket to run first for `rows` > 0 rows. Where it is larger, the surplus is padding.
  const Bucket &next(uint32_t rows) const { return buckets_[rows < choice_.size() ? choice_[rows] : choice_.back()]; }

private:
  std::vector<Bucket> buckets_;
  std::vector<uint32_t> choice_; // by row count, up to maxRows; [0] is unused
};

// Bytes' worth of time of one run (see above).
double programCost(const schema::Variant &variant, const schema::Program &program);

} // namespace tenon
