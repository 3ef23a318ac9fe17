#include "tools/tenon/StepBytes.h"

#include "runtime/engine/Verify.h"

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

void addProgram(const schema::Variant &variant, std::string_view entry, uint32_t rows, StepCost &cost) {
  const schema::Program *program = rows ? programFor(variant, entry, rows) : nullptr;
  if (!program)
    return;
  const uint64_t passes = (rows + program->rows() - 1) / program->rows();
  for (const schema::Step *step : *program->steps()) {
    if (step->kind() != schema::StepKind::Launch)
      continue;
    const schema::Kernel *kernel = variant.kernels()->Get(step->kernel());
    cost.weightBytes += passes * kernel->weight_bytes();
    // Attention counts the longest context in its flops; a step at another context does less, and little of either.
    if (kernel->weight_bytes())
      cost.flops += kernel->flops() * rows / program->rows();
  }
}

} // namespace

StepCost stepCost(const Engine &engine, uint32_t rows, uint32_t logitRows, uint64_t context) {
  StepCost cost;
  addProgram(engine.variant(), "body", rows, cost);
  addProgram(engine.variant(), "head", logitRows, cost);
  const schema::KvGeometry &kv = *engine.file().metadata().kv();
  cost.kvBytes = context * rows * 2 * kv.layers() * kv.kv_heads() * kv.head_dim() * dtypeBytes(kv.dtype());
  return cost;
}

} // namespace tenon::cli
