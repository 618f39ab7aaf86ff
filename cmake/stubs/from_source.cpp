// main() of the stub compiler for a C++ source of stubs, which is linked with it.
#include "stub_compiler.hpp"

int main(int argc, char** argv) {
  jitkit::stubs::Arguments a;
  if (!jitkit::stubs::read_arguments(argc, argv, a)) return 2;
  jitkit::stubs::Module<jitkit::stubs::Isa> module;
  jitkit_stubs(module);
  return jitkit::stubs::write_stubs(module, a);
}
