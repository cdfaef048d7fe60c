const SEPARATORS = /[\s.\-_/]/gu;
/** Lengths of card numbers (ISO/IEC 7812); shorter digits are some other id. */
const CARD_NUMBER = /^\d{12,19}$/;

/**
 * Would this text pass for a card number: 12 to 19 digits, separators aside, whose Luhn check holds? Digits of other
 * scripts count as what they look like.
 */
export function looksLikeCardNumber(text: string): boolean {
  const digits = text.normalize('NFKC').replaceAll(SEPARATORS, '');
  return CARD_NUMBER.test(digits) && passesLuhn(digits);
}

/** The check digit of ISO/IEC 7812-1: from the right, every second digit doubled, digits summed, a multiple of ten. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const weighted = index % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
