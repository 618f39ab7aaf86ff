// Calls check(false) of the unit without checks (must return) and, with an argument, of the unit with
// checks (must trap).
bool unchecked(bool holds);
bool unchecked_too(bool holds);
bool checked(bool holds);

int main(int argc, char**) {
  if (unchecked(false) || unchecked_too(false) || !checked(true)) return 1;
  if (argc > 1) checked(false);
  return 0;
}
