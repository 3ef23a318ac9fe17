// What a step needs at least, and how long that takes on a machine with given limits: what speed is measured against.
#pragma once

#include "runtime/device/cpu/Probe.h"
#include "runtime/session/Engine.h"

#include <cstdint>
#include <vector>

namespace tenon::cli {

// The rows of a phase.
struct StepRows {
  uint32_t rows = 1;        // through the body
  uint32_t logitRows = 1;   // through the head
  uint64_t kvTokens = 0;    // tokens whose keys and values are read, once per row that cannot share the read
  uint64_t attendances = 0; // (row, token that it attends to) pairs

  // One decode step of `batch` sequences that hold `context` tokens each.
  static StepRows decode(uint32_t batch, uint64_t context) { return {batch, batch, batch * context, batch * context}; }
  // A prompt of `tokens` tokens from nothing, logits of the last.
  static StepRows prefill(uint32_t tokens) {
    return {tokens, 1, tokens, uint64_t(tokens) * (uint64_t(tokens) + 1) / 2};
  }
};

// What one launch, or all launches of one kind, read from memory and compute.
struct Work {
  double bytes = 0, operations = 0;
  cpu::Limit arithmetic = cpu::Limit::F32;

  // The longer of reading and computing; they overlap.
  double seconds(const cpu::Limits &limits) const;
};

struct StepCost {
  uint64_t weightBytes = 0;                // read once, whatever the number of rows
  uint64_t kvBytes = 0;                    // keys and values read by attention
  uint64_t operations = 0;                 // arithmetic of linear layers (a multiply-add counts two)
  cpu::Limit arithmetic = cpu::Limit::F32; // what most of them run on
  std::vector<Work> launches;              // of linear layers, and one for all attention

  uint64_t bytes() const { return weightBytes + kvBytes; }
  // The sum over the launches: no kernel can start before the one before it is done.
  double seconds(const cpu::Limits &limits) const;
};

// Programs that the engine lacks are taken as the sum of those that the runtime would run.
StepCost stepCost(const Engine &engine, const StepRows &rows);

// Whether the last-level caches of the CPUs that this process may use hold all weights: then memory does not bind the
// engine, and shares of it may exceed 100 %.
bool weightsFitCache(const Engine &engine);

// The limit that binds kernels of a multiplier (schema Kernel.multiplier), and its place in a measurement.
cpu::Limit limitOf(const schema::Kernel &kernel);
double &rateOf(cpu::Limits &limits, cpu::Limit limit);
inline double rateOf(const cpu::Limits &limits, cpu::Limit limit) {
  return rateOf(const_cast<cpu::Limits &>(limits), limit);
}
const char *nameOf(cpu::Limit limit);

// Operations of attention for one (row, token) pair in one layer: scores and values of every query head.
uint64_t attentionOperations(const Engine &engine);

} // namespace tenon::cli
