// How `tenon bench` says what it measured.
#pragma once

#include "tools/cli/Terminal.h"
#include "tools/tenon/BenchSubject.h"

namespace tenon::cli {

struct BenchReport {
  BenchShape shape;
  cpu::Limits limits;
  double stolen = 0; // share of the processor time that the hypervisor took meanwhile
  bool kernels = false;
};

// `versus` is null where one engine was measured. Both go to stdout.
void printText(const BenchReport &report, const BenchSubject &subject, const BenchSubject *versus, Terminal &terminal);
void printJson(const BenchReport &report, const BenchSubject &subject, const BenchSubject *versus);

} // namespace tenon::cli
