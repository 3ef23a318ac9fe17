#include "test/codegen/LoopCost.h"
#include "test/codegen/KernelHarness.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen::cpu;

static std::string assemblyOf(const tenon::test::KernelCase &kernel, kernel::TargetAttr target) {
  FailureOr<std::string> code = printKernels(kernel.module(), Machine::of(target), Stage::Assembly);
  EXPECT_TRUE(succeeded(code));
  return succeeded(code) ? *code : std::string();
}

std::string tenon::test::assembly(LinearText text, const std::string &spec) {
  kernel::TargetAttr resolved = target(spec);
  text.narrow = text.weight == "bf16" && resolved.getDot() != "fma";
  KernelCase kernel(text.text());
  kernel.setTarget(resolved);
  return assemblyOf(kernel, resolved);
}

std::string tenon::test::assembly(const std::string &text, const std::string &spec) {
  KernelCase kernel(text);
  kernel::TargetAttr resolved = target(spec);
  kernel.setTarget(resolved, kernel::TilingAttr::get(resolved.getContext(), resolved.getDot(), 1, 1, 0, 1, 0));
  return assemblyOf(kernel, resolved);
}

bool tenon::test::touchesStack(const std::string &instruction) {
  return llvm::StringRef(instruction).contains("rsp") || llvm::StringRef(instruction).contains("[sp");
}

double tenon::test::cyclesPerRound(const InnerLoop &loop, const std::string &triple, const std::string &cpu) {
  constexpr int rounds = 200;
  llvm::SmallString<128> in, out;
  EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("loop", "s", in));
  EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("loop", "mca", out));
  llvm::FileRemover removeIn(in), removeOut(out);
  {
    std::error_code error;
    llvm::raw_fd_ostream file(in, error);
    // The jump back is left out: its label stands outside the loop.
    file << llvm::join(llvm::ArrayRef(loop.instructions).drop_back(), "\n") << "\n";
  }
  std::string mca = TENON_LLVM_MCA, mtriple = "-mtriple=" + triple, mcpu = "-mcpu=" + cpu;
  std::string iterations = "-iterations=" + std::to_string(rounds);
  std::optional<StringRef> redirects[] = {std::nullopt, out.str(), std::nullopt};
  EXPECT_EQ(llvm::sys::ExecuteAndWait(mca, {mca, mtriple, mcpu, iterations, in}, std::nullopt, redirects), 0);
  auto report = llvm::MemoryBuffer::getFile(out);
  if (!report)
    return INFINITY;
  StringRef cycles = (*report)->getBuffer().split("Total Cycles:").second.ltrim();
  long total = 0;
  EXPECT_FALSE(cycles.consumeInteger(10, total)) << (*report)->getBuffer().str();
  return static_cast<double>(total) / rounds;
}

void tenon::test::expectWithin(const LoopBudget &budget, const std::vector<InnerLoop> &loops, const Isa &isa) {
  int64_t products = 0, instructions = 0, stack = 0;
  double cycles = 0;
  std::string bodies;
  for (const InnerLoop &loop : loops) {
    products += loop.count(isa.multiplyAdd);
    instructions += static_cast<int64_t>(loop.instructions.size());
    stack += llvm::count_if(loop.instructions, touchesStack);
    cycles += cyclesPerRound(loop, isa.triple, isa.cpu);
    bodies += llvm::join(loop.instructions, "\n") + "\n\n";
  }
  std::string found = llvm::formatv("found {0}, {1}, {2}, {3:F1}\n", products, instructions, stack, cycles);
  EXPECT_EQ(products, budget.products) << found;
  EXPECT_LE(instructions, budget.instructions) << found << bodies;
  EXPECT_LE(stack, budget.stack) << found;
  EXPECT_LE(cycles, budget.cycles) << found;
  EXPECT_GE(cycles, static_cast<double>(budget.products) / 4) << "llvm-mca did not see the loops; " << found;
}
