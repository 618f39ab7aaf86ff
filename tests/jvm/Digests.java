// Digests of many lengths, printed for comparison with another run; known answers of RFC 1321, FIPS
// 180-4 and 202 are checked here. Rounds make the C2 compiler see the loops; `wait` waits for a line on stdin in between.
import java.security.MessageDigest;
import java.util.Random;

public class Digests {
    static String hex(byte[] bytes) {
        StringBuilder s = new StringBuilder();
        for (byte b : bytes) s.append(String.format("%02x", b));
        return s.toString();
    }

    static void known(String algorithm, String text, int times, String expected) throws Exception {
        MessageDigest d = MessageDigest.getInstance(algorithm);
        for (int n = 0; n < times; n++) d.update(text.getBytes("US-ASCII"));
        String found = hex(d.digest());
        if (found.equals(expected)) return;
        System.err.println(algorithm + " of " + times + " times \"" + text + "\" is " + found + ", not " + expected);
        System.exit(3);
    }

    static final String[] ALL = {"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"};

    static void known() throws Exception {
        for (String algorithm : ALL) MessageDigest.getInstance(algorithm);  // compiled calls are of classes that are loaded
        known("SHA-1", "abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        known("SHA-1", "aaaaaaaaaa", 100000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
        known("MD5", "12345678901234567890123456789012345678901234567890123456789012345678901234567890", 1, "57edf4a22be3c955ac49da2e2107b67a");
        known("SHA-512", "abc", 1, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
        known("SHA-512", "aaaaaaaaaa", 100000, "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
        known("SHA3-256", "abc", 1, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
        known("SHA3-512", "abc", 1, "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
        known("SHA-256", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        known("SHA-256", "aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }

    // A digest of the digests of `rounds` pieces of random bytes, at random offsets, whole and in parts.
    static String all(String algorithm, int rounds) throws Exception {
        Random random = new Random(rounds);
        MessageDigest sum = MessageDigest.getInstance(algorithm), one = MessageDigest.getInstance(algorithm);
        byte[] data = new byte[5000];
        random.nextBytes(data);
        for (int n = 0; n < rounds; n++) {
            int from = random.nextInt(300), size = random.nextInt(n % 16 == 0 ? 4000 : 300), part = random.nextInt(size + 1);
            one.update(data, from, part);
            one.update(data, from + part, size - part);
            sum.update(one.digest());
        }
        return hex(sum.digest());
    }

    static String run(int rounds) throws Exception {
        known();
        StringBuilder text = new StringBuilder();
        for (String algorithm : ALL) text.append(algorithm + " " + all(algorithm, rounds) + "\n");
        return text.toString().trim();
    }

    public static void main(String[] arguments) throws Exception {
        int rounds = Integer.parseInt(arguments[0]);
        if (arguments.length > 1) {
            System.out.println("waiting");
            System.in.read();
        }
        System.out.println(run(rounds));
    }
}
