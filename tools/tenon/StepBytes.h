// How many bytes and operations a step needs at least: what speed is measured against.
#pragma once

#include "runtime/session/Engine.h"

#include <cstdint>

namespace tenon::cli {

struct StepCost {
  uint64_t weightBytes = 0; // read once, whatever the number of rows
  uint64_t kvBytes = 0;     // keys and values read by attention
  uint64_t flops = 0;       // arithmetic of the weights (a multiply-add counts two)
  uint64_t bytes() const { return weightBytes + kvBytes; }
};

// A step of `rows` rows in one body program, of which `logitRows` go through the head; every row attends to `context`
// tokens. Programs that the engine lacks are taken as the sum of those that the runtime would run.
StepCost stepCost(const Engine &engine, uint32_t rows, uint32_t logitRows, uint64_t context);

} // namespace tenon::cli
