// What the inner loops of kernels cost, told from their code: for budgets that hold on any machine.
#pragma once

#include "test/codegen/InnerLoops.h"
#include "test/codegen/LinearText.h"

namespace tenon::test {

// Whose loops are looked at.
struct Isa {
  const char *spec, *multiplyAdd, *triple, *cpu; // the last two for llvm-mca
};

// The kernel of `text` for `spec`, bf16 rows where the target multiplies such.
std::string assembly(LinearText text, const std::string &spec);

// The kernel of `text` without a tiling: any but linear ones.
std::string assembly(const std::string &text, const std::string &spec);

bool touchesStack(const std::string &instruction);

// Cycles of one round of `loop` in the long run, as llvm-mca models `cpu` with all data in the first cache.
double cyclesPerRound(const InnerLoop &loop, const std::string &triple, const std::string &cpu);

// What a round of some loops may cost, all together.
struct LoopBudget {
  int64_t products, instructions,
      stack; // multiply-adds, which must be exactly so many; all; reads and writes of the stack
  double cycles;
};
void expectWithin(const LoopBudget &budget, const std::vector<InnerLoop> &loops, const Isa &isa);

} // namespace tenon::test
