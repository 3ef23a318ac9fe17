#include "tools/tenon/StepCost.h"

#include "runtime/device/cpu/Topology.h"
#include "runtime/engine/Verify.h"

#include <algorithm>
#include <string_view>

namespace tenon::cli {
namespace {

// The smallest program of `entry` with at least `rows` rows, or the largest there is.
const schema::Program *programFor(const schema::Variant &variant, std::string_view entry, uint32_t rows) {
  const schema::Program *best = nullptr;
  for (const schema::Program *program : *variant.programs()) {
    if (program->entry()->string_view() != entry)
      continue;
    if (!best || (best->rows() < rows ? program->rows() > best->rows()
                                      : program->rows() >= rows && program->rows() < best->rows()))
      best = program;
  }
  return best;
}

struct Sums {
  StepCost cost;
  double byLimit[4] = {}; // operations
  cpu::Limit attention = cpu::Limit::F32;
};

void addProgram(const schema::Variant &variant, std::string_view entry, uint32_t rows, Sums &sums) {
  const schema::Program *program = rows ? programFor(variant, entry, rows) : nullptr;
  if (!program)
    return;
  const uint64_t passes = (rows + program->rows() - 1) / program->rows();
  for (const schema::Step *step : *program->steps()) {
    if (step->kind() != schema::StepKind::Launch)
      continue;
    const schema::Kernel *kernel = variant.kernels()->Get(step->kernel());
    // Attention counts the longest context that the engine allows: what this step attends to is counted instead.
    if (kernel->anchor()->string_view() == "attention")
      sums.attention = limitOf(*kernel);
    if (!kernel->weight_bytes())
      continue;
    const uint64_t operations = kernel->flops() * rows / program->rows();
    sums.cost.weightBytes += passes * kernel->weight_bytes();
    sums.cost.operations += operations;
    const Work work{static_cast<double>(kernel->weight_bytes()),
                    static_cast<double>(operations) / static_cast<double>(passes), limitOf(*kernel)};
    sums.byLimit[static_cast<int>(work.arithmetic)] += static_cast<double>(operations);
    sums.cost.launches.insert(sums.cost.launches.end(), passes, work);
  }
}

} // namespace

double Work::seconds(const cpu::Limits &limits) const {
  const double computing = operations / rateOf(limits, arithmetic);
  return std::max(bytes / limits.readBytesPerSecond, operations > 0 ? computing : 0);
}

double StepCost::seconds(const cpu::Limits &limits) const {
  double sum = 0;
  for (const Work &work : launches)
    sum += work.seconds(limits);
  return sum;
}

StepCost stepCost(const Engine &engine, const StepRows &rows) {
  Sums sums;
  addProgram(engine.variant(), "body", rows.rows, sums);
  addProgram(engine.variant(), "head", rows.logitRows, sums);
  StepCost &cost = sums.cost;
  cost.arithmetic = static_cast<cpu::Limit>(std::ranges::max_element(sums.byLimit) - sums.byLimit);
  const schema::KvGeometry &kv = *engine.file().metadata().kv();
  cost.kvBytes = rows.kvTokens * 2 * kv.layers() * kv.kv_heads() * kvHeadBytes(kv);
  cost.launches.push_back({static_cast<double>(cost.kvBytes),
                           static_cast<double>(rows.attendances * kv.layers() * attentionOperations(engine)),
                           sums.attention});
  return cost;
}

uint64_t attentionOperations(const Engine &engine) {
  const schema::Engine &file = engine.file().metadata();
  return uint64_t(4) * file.model()->heads() * file.kv()->head_dim();
}

cpu::Limit limitOf(const schema::Kernel &kernel) {
  struct Row {
    std::string_view multiplier;
    cpu::Limit limit;
  };
  // Multipliers of bytes are the rest: each target has its own (docs/targets.md).
  static constexpr Row kFloats[] = {
      {"", cpu::Limit::F32}, {"fma", cpu::Limit::F32}, {"bf16", cpu::Limit::Bf16}, {"amx", cpu::Limit::Bf16}};
  const std::string_view multiplier = kernel.multiplier() ? kernel.multiplier()->string_view() : "";
  for (const Row &row : kFloats)
    if (row.multiplier == multiplier)
      return row.limit;
  return cpu::Limit::Int8;
}

bool weightsFitCache(const Engine &engine) {
  return stepCost(engine, StepRows::decode(1, 0)).weightBytes <
         cpu::Topology::read(cpu::allowedCpus()).caches.lastLevelTotal;
}

double &rateOf(cpu::Limits &limits, cpu::Limit limit) {
  switch (limit) {
  case cpu::Limit::Read:
    return limits.readBytesPerSecond;
  case cpu::Limit::F32:
    return limits.f32FlopsPerSecond;
  case cpu::Limit::Bf16:
    return limits.bf16FlopsPerSecond;
  case cpu::Limit::Int8:
    break;
  }
  return limits.int8OpsPerSecond;
}

const char *nameOf(cpu::Limit limit) {
  constexpr const char *kNames[] = {"read", "f32", "bf16", "int8"};
  return kNames[static_cast<int>(limit)];
}

} // namespace tenon::cli
