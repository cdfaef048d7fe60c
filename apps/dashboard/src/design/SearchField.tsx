import { Search, X } from 'lucide-react';
import styles from './controls.module.css';

/** A filter over what is on the page; `/` goes there. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
}) {
  return (
    <div className={styles['search']}>
      <Search size={14} aria-hidden="true" />
      <input
        type="text"
        role="searchbox"
        data-page-search=""
        aria-label={label}
        placeholder={label}
        value={value}
        maxLength={200}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      {value !== '' && (
        <button type="button" className={styles['clear']} aria-label="Clear the search" onClick={() => onChange('')}>
          <X size={14} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}
