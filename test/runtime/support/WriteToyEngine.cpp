// tenon-toy-engine FILE: writes the toy engine, so that lit tests have one without compiling a model.
#include "runtime/support/ToyEngine.h"

#include <cstdio>

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FILE\n", argv[0]);
    return 2;
  }
  tenon::test::ToyEngine().write(argv[1]);
  return 0;
}
