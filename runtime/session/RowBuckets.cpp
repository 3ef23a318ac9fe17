#include "runtime/session/RowBuckets.h"

#include <algorithm>
#include <string_view>

namespace tenon {

// A fork-join of a few cores takes a microsecond or two; in that time memory delivers about this much.
static constexpr double kLaunchBytes = 32 << 10;

double programCost(const schema::Variant &variant, const schema::Program &program) {
  double cost = 0;
  for (const schema::Step *step : *program.steps()) {
    if (step->kind() != schema::StepKind::Launch) {
      cost += 2.0 * static_cast<double>(step->args()->Get(0)->bytes());
      continue;
    }
    const schema::Kernel &kernel = *variant.kernels()->Get(step->kernel());
    double bytes = static_cast<double>(kernel.weight_bytes()) + static_cast<double>(kernel.activation_bytes());
    cost += kLaunchBytes + std::max(bytes, static_cast<double>(kernel.flops()) / variant.flops_per_byte());
  }
  return cost;
}

static std::vector<RowBuckets::Bucket> bucketsOf(const schema::Variant &variant, std::string_view entry) {
  std::vector<RowBuckets::Bucket> buckets;
  for (uint32_t i = 0; i < variant.programs()->size(); ++i) {
    const schema::Program &program = *variant.programs()->Get(i);
    if (program.entry()->string_view() == entry)
      buckets.push_back({program.rows(), i, programCost(variant, program)});
  }
  std::sort(buckets.begin(), buckets.end(), [](auto &a, auto &b) { return a.rows < b.rows; });
  return buckets;
}

RowBuckets::RowBuckets(const schema::Variant &variant, std::string_view entry)
    : RowBuckets(bucketsOf(variant, entry)) {}

// Shortest path over row counts: best[n] = min over buckets of cost + best[what remains]. Among equals the larger
// bucket goes first.
RowBuckets::RowBuckets(std::vector<Bucket> buckets) : buckets_(std::move(buckets)) {
  std::vector<double> best(maxRows() + 1);
  choice_.assign(maxRows() + 1, buckets_.size() - 1);
  for (uint32_t rows = 1; rows < maxRows(); ++rows) {
    best[rows] = -1;
    for (uint32_t b = 0; b < buckets_.size(); ++b) {
      uint32_t left = rows > buckets_[b].rows ? rows - buckets_[b].rows : 0;
      double cost = buckets_[b].cost + best[left];
      if (best[rows] < 0 || cost <= best[rows]) {
        best[rows] = cost;
        choice_[rows] = b;
      }
      if (left == 0)
        break; // larger ones only pad more
    }
  }
}

} // namespace tenon
