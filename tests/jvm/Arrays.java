// Big numbers, Base64 and array operations on random input, in a digest that is printed for comparison with
// another run.
import java.math.BigInteger;
import java.util.Base64;
import java.util.Random;

public class Arrays {
    static long sum = 1;
    static byte[] byteFrom = new byte[600], byteTo = new byte[600];
    static short[] shortFrom = new short[300], shortTo = new short[300];
    static int[] intFrom = new int[300], intTo = new int[300];
    static long[] longFrom = new long[300], longTo = new long[300];

    static void add(byte[] bytes) {
        for (byte b : bytes) sum = sum * 1000003 + b;
    }

    static void numbers(Random random) {
        BigInteger x = new BigInteger(random.nextInt(1500) + 200, random), y = new BigInteger(random.nextInt(1500) + 200, random);
        add(x.multiply(y).toByteArray());
        add(x.multiply(x).toByteArray());
        add(x.shiftLeft(random.nextInt(100)).toByteArray());
        add(x.shiftRight(random.nextInt(100)).toByteArray());
        BigInteger m = new BigInteger(random.nextInt(300) + 64, random).setBit(0).setBit(40);
        add(x.modPow(y.shiftRight(y.bitLength() - 60), m).toByteArray());
    }

    // Beyond 512 words modPow squares by squareToLen, whose room on the stack must not grow with the number.
    static void longNumber(Random random) {
        BigInteger m = new BigInteger(19200, random).setBit(0).setBit(19199);
        add(new BigInteger(19000, random).modPow(BigInteger.valueOf(65537), m).toByteArray());
    }

    static void same(byte[] expected, byte[] found) {
        add(found);
        if (java.util.Arrays.equals(expected, found)) return;
        System.err.println("Base64 does not give back what it got");
        System.exit(3);
    }

    static void text(Random random) {
        byte[] bytes = new byte[random.nextInt(400)];
        random.nextBytes(bytes);
        add(Base64.getEncoder().encode(bytes));
        add(Base64.getUrlEncoder().encode(bytes));
        same(bytes, Base64.getDecoder().decode(Base64.getEncoder().encode(bytes)));
        same(bytes, Base64.getUrlDecoder().decode(Base64.getUrlEncoder().withoutPadding().encode(bytes)));
        same(bytes, Base64.getMimeDecoder().decode(Base64.getMimeEncoder().encode(bytes)));
        byte[] wrong = Base64.getEncoder().encode(bytes);
        if (wrong.length == 0) return;
        wrong[random.nextInt(wrong.length)] = (byte) random.nextInt(256);

        try {
            add(Base64.getDecoder().decode(wrong));
        } catch (IllegalArgumentException e) {
            add(e.getMessage().getBytes());
        }
    }

    static void copies(Random random) {
        int n = random.nextInt(250), from = random.nextInt(50), to = random.nextInt(50);
        random.nextBytes(byteFrom);
        for (int i = 0; i < 300; i++) longFrom[i] = intFrom[i] = shortFrom[i] = byteFrom[i];
        System.arraycopy(byteFrom, from, byteTo, to, 2 * n);
        System.arraycopy(byteTo, from, byteTo, to, 2 * n);
        System.arraycopy(shortFrom, from, shortTo, to, n);
        System.arraycopy(shortTo, from, shortTo, to, n);
        System.arraycopy(intFrom, from, intTo, to, n);
        System.arraycopy(intTo, from, intTo, to, n);
        System.arraycopy(longFrom, from, longTo, to, n);
        System.arraycopy(longTo, from, longTo, to, n);
        add(byteTo);
        for (int i = 0; i < 300; i++) sum = sum * 1000003 + longTo[i] * 7 + intTo[i] * 5 + shortTo[i];
        sum = sum * 1000003 + java.util.Arrays.mismatch(byteFrom, byteTo);
        byte[] twin = byteFrom.clone();
        twin[random.nextInt(600)]++;
        sum = sum * 1000003 + java.util.Arrays.mismatch(byteFrom, twin);
        java.util.Arrays.fill(byteTo, from, from + n, (byte) n);
        java.util.Arrays.fill(shortTo, from, from + n, (short) n);
        java.util.Arrays.fill(intTo, from, from + n, n);
    }

    static String run(int rounds) {
        Random random = new Random(rounds);
        for (int n = 0; n < rounds; n++) {
            numbers(random);
            text(random);
            copies(random);
        }
        longNumber(random);
        return "sum " + sum;
    }

    public static void main(String[] arguments) {
        System.out.println(run(Integer.parseInt(arguments[0])));
    }
}
